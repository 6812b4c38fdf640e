import type { Logger } from '../../../platform/telemetry/index.ts'
import { LEAST_WATCHED_MS, type WatchEvent } from '../channel/job-messages.ts'

/** Silence, black or frozen pictures; `sinceMs`: wall clock of its beginning. */
export type Lasting = { readonly what: WatchEvent['what']; readonly sinceMs: number }

/** Silence, black and frozen pictures of one source, while they last. Each beginning and each end is logged once. */
export class WatchState {
  readonly #log: Logger
  readonly #nowEpochMs: () => number
  readonly #since = new Map<WatchEvent['what'], number>()

  constructor(log: Logger, nowEpochMs: () => number = Date.now) {
    this.#log = log
    this.#nowEpochMs = nowEpochMs
  }

  get lasting(): Lasting[] {
    return [...this.#since].map(([what, sinceMs]) => ({ what, sinceMs }))
  }
  onEvent({ what, isOn }: WatchEvent): void {
    if (this.#since.has(what) === isOn) return
    const sinceMs = this.#since.get(what) ?? this.#nowEpochMs() - LEAST_WATCHED_MS
    if (isOn) this.#since.set(what, sinceMs)
    else this.#since.delete(what)
    this.#log.info(`stream.${what}`, { state: isOn ? 'began' : 'ended', since: new Date(sinceMs).toISOString() })
  }
  /** Nobody watches any more: what lasted is not known to last. */
  end(): void {
    for (const { what } of this.lasting) this.onEvent({ what, isOn: false })
  }
}
