import type { Logger } from '../../../platform/telemetry/index.ts'
import type { WatchEvent } from '../channel/job-messages.ts'

/** Silence, black and frozen pictures of one source, while they last. Each beginning and each end is logged once. */
export class WatchState {
  readonly #log: Logger
  readonly #seen = new Set<WatchEvent['what']>()

  constructor(log: Logger) {
    this.#log = log
  }

  get lasting(): WatchEvent['what'][] {
    return [...this.#seen]
  }
  onEvent({ what, isOn }: WatchEvent): void {
    if (this.#seen.has(what) === isOn) return
    if (isOn) this.#seen.add(what)
    else this.#seen.delete(what)
    this.#log.info(`stream.${what}`, { state: isOn ? 'began' : 'ended' })
  }
  /** Nobody watches any more: what lasted is not known to last. */
  end(): void {
    for (const what of this.lasting) this.onEvent({ what, isOn: false })
  }
}
