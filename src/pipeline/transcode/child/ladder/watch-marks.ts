import { LEAST_WATCHED_MS, type WatchEvent } from '../../channel/job-messages.ts'

type What = WatchEvent['what']
const LEAST_SECONDS = LEAST_WATCHED_MS / 1000

/** The marks that FFmpeg's filters put on frames, and how long that lasts already which a mark says begins. */
const BEGINNINGS: Readonly<Record<string, { readonly what: What; readonly lastedSeconds: number }>> = {
  'lavfi.silence_start': { what: 'silence', lastedSeconds: LEAST_SECONDS },
  // On the first black picture, whatever the filter's `d` is.
  'lavfi.black_start': { what: 'black', lastedSeconds: 0 },
  'lavfi.freezedetect.freeze_start': { what: 'freeze', lastedSeconds: LEAST_SECONDS },
}
const ENDS: Readonly<Record<string, What>> = {
  'lavfi.silence_end': 'silence',
  'lavfi.black_end': 'black',
  'lavfi.freezedetect.freeze_end': 'freeze',
}

/** Reads off the marks what has lasted for LEAST_WATCHED_MS, and what of it ends. */
export class WatchMarks {
  readonly #onEvent: (event: WatchEvent) => void
  readonly #lasting = new Set<What>()
  /** When it is to be told of, in seconds of the frames. */
  readonly #begun = new Map<What, number>()

  constructor(onEvent: (event: WatchEvent) => void) {
    this.#onEvent = onEvent
  }

  /** `atSeconds`: of the frame with those marks. */
  read(marks: Readonly<Record<string, string>>, atSeconds: number): void {
    for (const [mark, { what, lastedSeconds }] of Object.entries(BEGINNINGS))
      if (mark in marks) this.#begun.set(what, atSeconds + LEAST_SECONDS - lastedSeconds)
    for (const [mark, what] of Object.entries(ENDS)) if (mark in marks) this.#end(what)
    for (const [what, dueSeconds] of this.#begun) if (atSeconds >= dueSeconds) this.#begin(what)
  }
  /** The filters are made anew, and know nothing of what they saw begin. */
  restart(): void {
    this.#begun.clear()
    for (const what of [...this.#lasting]) this.#end(what)
  }

  #begin(what: What): void {
    this.#begun.delete(what)
    this.#lasting.add(what)
    this.#onEvent({ what, isOn: true })
  }
  #end(what: What): void {
    this.#begun.delete(what)
    if (this.#lasting.delete(what)) this.#onEvent({ what, isOn: false })
  }
}
