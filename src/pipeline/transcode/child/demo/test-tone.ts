export const TONE_RATE_HZ = 48_000

const TONE_HZ = 440
const TONE_LEVEL = 0.05
const BEEP_HZ = 880
const BEEP_LEVEL = 0.18
const BEEP_MS = 120
/** One sample's share of a turn at 1 Hz. */
const TURN = (2 * Math.PI) / TONE_RATE_HZ
/** Samples after which both sines repeat (their common divisor with the rate is 40 Hz). */
const PERIOD = TONE_RATE_HZ / 40

/** A soft tone with a beep at each second of the wall clock. */
export class TestTone {
  readonly #tone = Float32Array.from({ length: PERIOD }, (_, n) => TONE_LEVEL * Math.sin(TURN * TONE_HZ * n))
  readonly #beep = Float32Array.from({ length: PERIOD }, (_, n) => BEEP_LEVEL * Math.sin(TURN * BEEP_HZ * n))

  /** Fills `out` with samples, the first of which is number `start` and sounds at `epochMs`. */
  fill(out: Float32Array, start: number, epochMs: number): void {
    const stepMs = 1000 / TONE_RATE_HZ
    for (let i = 0; i < out.length; i++) {
      const phase = (start + i) % PERIOD
      const ms = (epochMs + i * stepMs) % 1000
      const beep = ms < BEEP_MS ? (this.#beep[phase] ?? 0) * Math.sin((Math.PI * ms) / BEEP_MS) : 0
      out[i] = (this.#tone[phase] ?? 0) + beep
    }
  }
}
