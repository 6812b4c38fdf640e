import { createHash } from 'node:crypto'

type Seen = { readonly id: number; lastMs: number; reads: Unit }
/** What a player fetches: segments when they are whole, or before that. */
export type Unit = 'segments' | 'parts'

/** Who has asked for media of which stream lately: HTTP delivery in files knows no sessions. */
export class Audience {
  readonly #streams = new Map<string, Map<string, Seen>>()
  readonly #rememberMs: number
  readonly #nowMs: () => number

  constructor(rememberMs: number, nowMs: () => number) {
    this.#rememberMs = rememberMs
    this.#nowMs = nowMs
  }

  seen(stream: string, who: string, reads: Unit): void {
    const viewers = this.#streams.get(stream) ?? new Map<string, Seen>()
    this.#streams.set(stream, viewers)
    const known = viewers.get(who)
    if (!known) viewers.set(who, { id: idOf(who), lastMs: this.#nowMs(), reads })
    else {
      known.lastMs = this.#nowMs()
      known.reads = reads
    }
  }
  /** What a viewer of one of `streams` has fetched last; undefined where it has not been seen here. */
  lastRead(streams: readonly string[], who: string): Unit | undefined {
    const seen = streams.flatMap((stream) => this.#streams.get(stream)?.get(who) ?? [])
    return seen.reduce<Seen | undefined>((last, each) => (last && last.lastMs > each.lastMs ? last : each), undefined)
      ?.reads
  }

  /** Each viewer by a number that is the same on every worker: its requests may come to several. */
  *sessions(): Iterable<{ readonly stream: string; readonly ids: readonly number[] }> {
    const since = this.#nowMs() - this.#rememberMs
    for (const [stream, viewers] of this.#streams) {
      for (const [who, { lastMs }] of viewers) if (lastMs < since) viewers.delete(who)
      if (viewers.size > 0) yield { stream, ids: [...viewers.values()].map(({ id }) => id) }
      else this.#streams.delete(stream)
    }
  }
}

/** 48 bits. */
function idOf(who: string): number {
  return createHash('sha1').update(who).digest().readUIntBE(0, 6)
}
