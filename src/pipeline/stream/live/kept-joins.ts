/** Where a consumer starts: at a time on the line of the stream, or so long before its newest frame. */
export type StartPoint = { readonly atMs: number } | { readonly backMs: number }

/** As far back as frames are kept. */
export const OLDEST: StartPoint = { atMs: Number.NEGATIVE_INFINITY }

type Join = { readonly position: number; readonly ms: number }

/**
 * Join points before the newest one whose frames are kept in the log, for consumers that begin earlier: a rendition whose
 * viewers come from its source and are behind the live edge.
 */
export class KeptJoins {
  readonly #historyMs: number
  readonly #maxBytes: number
  /** Oldest first; the first may be older than the history, so that all of it can be decoded. */
  #joins: Join[] = []
  #newestMs = Number.NEGATIVE_INFINITY

  /** `maxBytes`: where the history is longer in bytes, it is shorter in time. */
  constructor(historyMs: number, maxBytes: number) {
    this.#historyMs = historyMs
    this.#maxBytes = maxBytes
  }

  /** Positions are in another log, or frames before cannot be decoded with those that come. */
  clear(): void {
    this.#joins = []
    this.#newestMs = Number.NEGATIVE_INFINITY
  }
  /** Of every frame that is presented at `ms`; `joinAt`: its position, where a reader can start there. */
  see(ms: number, joinAt: number | undefined): void {
    this.#newestMs = Math.max(this.#newestMs, ms)
    if (joinAt === undefined || this.#historyMs === 0) return
    this.#joins.push({ position: joinAt, ms })
    const second = () => this.#joins[1]
    for (let next = second(); next && next.ms <= this.#newestMs - this.#historyMs; next = second()) this.#joins.shift()
  }
  /** The lowest position to hold for a reader that has come to `position`; `limitBytes`: what memory allows. */
  lowest(position: number, limitBytes: number): number {
    const mostBytes = Math.min(this.#maxBytes, limitBytes)
    for (let oldest = this.#joins[0]; oldest && position - oldest.position > mostBytes; oldest = this.#joins[0])
      this.#joins.shift()
    return Math.min(position, this.#joins[0]?.position ?? position)
  }
  /** The newest join point at or before `start`, else the oldest; undefined where none is kept. */
  find(start: StartPoint): number | undefined {
    const ms = 'atMs' in start ? start.atMs : this.#newestMs - start.backMs
    return (this.#joins.findLast((join) => join.ms <= ms) ?? this.#joins[0])?.position
  }
}
