import type { AudioTrack, Frame } from '../../../../media/model/index.ts'
import type { AudioOrder } from '../../channel/job-messages.ts'
import type { Av } from '../av.ts'
import type { JobOutput } from '../job-output.ts'
import { LadderAudio } from '../ladder/ladder-audio.ts'
import { Rung } from '../ladder/rung.ts'

/** One more audio track of a film, beside that of its ladder: a rung of its own that has nothing else. */
export class SideSound implements Disposable {
  readonly #audio: LadderAudio

  constructor(av: Av, order: { readonly slot: number; readonly audio: AudioOrder }, output: JobOutput) {
    this.#audio = new LadderAudio(av, ({ slot }, error) =>
      output.rungFailed(slot, error instanceof Error ? error.message : String(error)),
    )
    this.#audio.add(new Rung(order, output))
  }

  setTrack(track: AudioTrack): void {
    this.#audio.setTrack(track)
  }
  frame(frame: Frame): void {
    this.#audio.frame(frame)
  }
  flush(): void {
    this.#audio.flush()
  }
  [Symbol.dispose](): void {
    this.#audio[Symbol.dispose]()
  }
}
