/** Quieter than this is a pause, and tells nothing of how loud the programme is. */
const PAUSE_LUFS = -55
const MOST_DB = 20
/** Slow enough not to be heard as pumping; down sooner, for what is too loud disturbs more. */
const RISE_DB_PER_SECOND = 2
const FALL_DB_PER_SECOND = 6

/** Brings a programme to one loudness by a gain that moves slowly: live, without looking ahead. */
export class LoudnessControl {
  gainDb = 0
  readonly #targetLufs: number

  constructor(targetLufs: number) {
    this.#targetLufs = targetLufs
  }

  /** `shortTermLufs`: of the last three seconds before the gain (EBU Tech 3341, 2.2); `seconds` since the last call. */
  update(shortTermLufs: number, seconds: number): number {
    if (!Number.isFinite(shortTermLufs) || shortTermLufs < PAUSE_LUFS) return this.gainDb
    const wanted = Math.max(-MOST_DB, Math.min(MOST_DB, this.#targetLufs - shortTermLufs))
    const step = Math.max(-FALL_DB_PER_SECOND * seconds, Math.min(RISE_DB_PER_SECOND * seconds, wanted - this.gainDb))
    this.gainDb += step
    return this.gainDb
  }
}
