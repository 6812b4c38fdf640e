import { BackOff } from '../parent/back-off.ts'

type Failure = { readonly backOff: BackOff; error: Error; untilMs: number }

/** After the first failure; doubled each time. */
const FIRST_MS = 2000
/** A rung that lasted so long was well: the next failure is the first again. */
const STEADY_MS = 30_000

/** Rungs that could not be made. Whoever asks again too soon is told so, and costs no encoder. */
export class RungFailures {
  readonly #nowMs: () => number
  readonly #failures = new Map<string, Failure>()

  constructor(nowMs: () => number) {
    this.#nowMs = nowMs
  }

  /** Why `rung` is not tried now; undefined where it may be. */
  refusal(rung: string): Error | undefined {
    const failure = this.#failures.get(rung)
    return failure && this.#nowMs() < failure.untilMs ? failure.error : undefined
  }
  failed(rung: string, startedMs: number, error: Error): void {
    const nowMs = this.#nowMs()
    const failure = this.#failures.get(rung) ?? { backOff: new BackOff(FIRST_MS), error, untilMs: 0 }
    if (nowMs - startedMs >= STEADY_MS) failure.backOff.succeeded()
    failure.error = error
    failure.untilMs = nowMs + failure.backOff.failed()
    this.#failures.set(rung, failure)
  }
  /** It is never tried again: this machine cannot make it. */
  gaveUp(rung: string, error: Error): void {
    this.#failures.set(rung, { backOff: new BackOff(FIRST_MS), error, untilMs: Number.POSITIVE_INFINITY })
  }
}
