/** Who (address and agent) has asked for media of which stream lately: HTTP delivery in files knows no sessions. */
export class Audience {
  readonly #streams = new Map<string, Map<string, number>>()
  readonly #rememberMs: number
  readonly #nowMs: () => number

  constructor(rememberMs: number, nowMs: () => number) {
    this.#rememberMs = rememberMs
    this.#nowMs = nowMs
  }

  seen(stream: string, who: string): void {
    const viewers = this.#streams.get(stream) ?? new Map<string, number>()
    viewers.set(who, this.#nowMs())
    this.#streams.set(stream, viewers)
  }

  *counts(): Iterable<{ readonly stream: string; readonly count: number }> {
    const since = this.#nowMs() - this.#rememberMs
    for (const [stream, viewers] of this.#streams) {
      for (const [who, lastMs] of viewers) if (lastMs < since) viewers.delete(who)
      if (viewers.size > 0) yield { stream, count: viewers.size }
      else this.#streams.delete(stream)
    }
  }
}
