import { LEAST_WATCHED_MS, type WatchEvent } from '../../channel/job-messages.ts'
import type { Av } from '../av.ts'
import { FilterChain, type FilterStep } from '../filter-chain.ts'
import { pictureSource } from './picture-source.ts'
import { samplesSource } from './samples-source.ts'
import { WatchMarks } from './watch-marks.ts'

type NativeFrame = InstanceType<Av['Frame']>

const LEAST_SECONDS = LEAST_WATCHED_MS / 1000
const SOUND_STEPS: readonly FilterStep[] = [
  ['ebur128', 'metadata=1:framelog=quiet'],
  ['silencedetect', `n=-50dB:d=${LEAST_SECONDS}`],
]
/** A small picture shows as well whether it is black or stands still. */
const PICTURE_STEPS: readonly FilterStep[] = [
  ['scale', '160:90:flags=fast_bilinear'],
  ['blackdetect', `d=${LEAST_SECONDS}`],
  ['freezedetect', `n=-60dB:d=${LEAST_SECONDS}`],
]

/** EBU R 128, in LUFS. */
export type Loudness = { readonly momentaryLufs: number; readonly integratedLufs: number }

/** Looks at decoded frames and tells when something begins or ends. */
abstract class FrameWatch implements Disposable {
  readonly #av: Av
  readonly #marks: WatchMarks
  readonly #out
  #chain: FilterChain | undefined
  #shape = ''

  constructor(av: Av, onEvent: (event: WatchEvent) => void) {
    this.#av = av
    this.#marks = new WatchMarks(onEvent)
    this.#out = new av.Frame()
    this.#out.alloc()
  }

  /** The frame stays the caller's. */
  push(frame: NativeFrame): void {
    const source = this.sourceOf(frame)
    if (!this.#chain || source[1] !== this.#shape) {
      this.#chain?.[Symbol.dispose]()
      this.#marks.restart()
      this.#chain = new FilterChain(this.#av, source, this.steps)
      this.#shape = source[1] ?? ''
    }
    this.#chain.add(frame)
    while (this.#chain.take(this.#out) >= 0) {
      const { num, den } = this.#chain.timeBase
      this.onMarks(this.#out.getMetadata().getAll(), (Number(this.#out.pts) * num) / den)
      this.#out.unref()
    }
  }
  [Symbol.dispose](): void {
    this.#chain?.[Symbol.dispose]()
    this.#out.free()
  }

  protected abstract readonly steps: readonly FilterStep[]
  protected abstract sourceOf(frame: NativeFrame): FilterStep
  protected onMarks(marks: Readonly<Record<string, string>>, atSeconds: number): void {
    this.#marks.read(marks, atSeconds)
  }
}

export class SoundWatch extends FrameWatch {
  loudness: Loudness | undefined
  protected override readonly steps = SOUND_STEPS

  protected override sourceOf(frame: NativeFrame): FilterStep {
    return samplesSource(frame)
  }
  protected override onMarks(marks: Readonly<Record<string, string>>, atSeconds: number): void {
    super.onMarks(marks, atSeconds)
    const momentaryLufs = Number(marks['lavfi.r128.M'])
    const integratedLufs = Number(marks['lavfi.r128.I'])
    if (Number.isFinite(momentaryLufs) && Number.isFinite(integratedLufs))
      this.loudness = { momentaryLufs, integratedLufs }
  }
}

export class PictureWatch extends FrameWatch {
  protected override readonly steps = PICTURE_STEPS

  protected override sourceOf(frame: NativeFrame): FilterStep {
    return pictureSource(frame)
  }
}
