import type { Av } from '../av.ts'
import { FilterChain, type FilterStep } from '../filter-chain.ts'
import { pictureSource } from './picture-source.ts'
import type { OnPicture } from './video-decoding.ts'

type NativeFrame = InstanceType<Av['Frame']>

/** transpose, hflip and vflip that turn a picture by so many degrees clockwise. */
const TURNS: Readonly<Record<number, readonly FilterStep[]>> = {
  90: [['transpose', 'clock']],
  180: [
    ['hflip', null],
    ['vflip', null],
  ],
  270: [['transpose', 'cclock']],
}

/**
 * Makes progressive, upright pictures of what the decoder gives, once for all rungs; pictures that are so already pass
 * through untouched.
 */
export class UprightPicture implements Disposable {
  readonly #av: Av
  readonly #clockwiseDegrees: number
  #chain: FilterChain | undefined
  #chainFor = ''
  #isInterlaced = false
  readonly #out
  /** Keyframes on their way through a filter that holds a picture back. */
  readonly #keyTicks = new Set<number>()

  /** `clockwiseDegrees`: for pictures that do not say themselves how they are to be turned. */
  constructor(av: Av, clockwiseDegrees: number) {
    this.#av = av
    this.#clockwiseDegrees = clockwiseDegrees
    this.#out = new av.Frame()
    this.#out.alloc()
  }

  async push(picture: NativeFrame, isKey: boolean, onPicture: OnPicture): Promise<void> {
    if (picture.hasFlags(this.#av.AV_FRAME_FLAG_INTERLACED)) this.#isInterlaced = true
    const matrix = picture.getSideData(this.#av.AV_FRAME_DATA_DISPLAYMATRIX)
    const turn = matrix ? clockwiseDegrees(matrix) : this.#clockwiseDegrees
    const steps = [...(this.#isInterlaced ? [DEINTERLACE] : []), ...(TURNS[turn] ?? [])]
    const shape = `${pictureSource(picture)[1]} ${steps.map(([name]) => name)}`
    if (shape !== this.#chainFor) {
      await this.flush(onPicture)
      this.#chain = steps.length > 0 ? new FilterChain(this.#av, pictureSource(picture), steps) : undefined
      this.#chainFor = shape
    }
    if (!this.#chain) return await onPicture(picture, isKey)
    if (isKey) this.#keyTicks.add(Number(picture.pts))
    this.#chain.add(picture)
    await this.#drain(this.#chain, onPicture)
  }
  /** Gives out what a filter has held back. What comes next is taken for something new. */
  async flush(onPicture: OnPicture): Promise<void> {
    const chain = this.#chain
    if (chain) {
      chain.add(null)
      await this.#drain(chain, onPicture)
      chain[Symbol.dispose]()
    }
    this.#chain = undefined
    this.#chainFor = ''
    this.#keyTicks.clear()
  }
  [Symbol.dispose](): void {
    this.#chain?.[Symbol.dispose]()
    this.#out.free()
  }

  async #drain(chain: FilterChain, onPicture: OnPicture): Promise<void> {
    while ((await chain.takeLater(this.#out)) >= 0) {
      const { num, den } = chain.timeBase
      const ticks = Math.round((Number(this.#out.pts) * num * 90_000) / den)
      this.#out.pts = BigInt(ticks)
      this.#out.removeSideData(this.#av.AV_FRAME_DATA_DISPLAYMATRIX)
      await onPicture(this.#out, this.#keyTicks.delete(ticks))
      this.#out.unref()
    }
  }
}

/** One picture a frame, and only of frames that are marked as interlaced. */
const DEINTERLACE: FilterStep = ['bwdif', 'mode=send_frame:parity=auto:deint=interlaced']

/** What a display matrix says to turn a picture by, in quarter turns. ISO/IEC 14496-12, 6.2.2. */
export function clockwiseDegrees(matrix: Buffer): number {
  if (matrix.length < 36) return 0
  const at = (index: number) => matrix.readInt32LE(index * 4) / 65_536
  const radians = Math.atan2(at(1), at(0))
  return (Math.round((radians * 2) / Math.PI) * 90 + 360) % 360
}
