import type { WatchEvent } from '../../channel/job-messages.ts'

/** The marks that FFmpeg's filters put on frames. */
const MARKS: Readonly<Record<string, WatchEvent>> = {
  'lavfi.silence_start': { what: 'silence', isOn: true },
  'lavfi.silence_end': { what: 'silence', isOn: false },
  'lavfi.black_start': { what: 'black', isOn: true },
  'lavfi.black_end': { what: 'black', isOn: false },
  'lavfi.freezedetect.freeze_start': { what: 'freeze', isOn: true },
  'lavfi.freezedetect.freeze_end': { what: 'freeze', isOn: false },
}

/** Reads off the marks what begins and what ends. */
export class WatchMarks {
  readonly #onEvent: (event: WatchEvent) => void
  readonly #lasting = new Set<WatchEvent['what']>()

  constructor(onEvent: (event: WatchEvent) => void) {
    this.#onEvent = onEvent
  }

  read(marks: Readonly<Record<string, string>>): void {
    for (const [mark, event] of Object.entries(MARKS)) if (mark in marks) this.#tell(event)
  }
  /** The filters are made anew, and know nothing of what they saw begin. */
  restart(): void {
    for (const what of [...this.#lasting]) this.#tell({ what, isOn: false })
  }

  #tell(event: WatchEvent): void {
    if (event.isOn) this.#lasting.add(event.what)
    else this.#lasting.delete(event.what)
    this.#onEvent(event)
  }
}
