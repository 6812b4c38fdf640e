/** What the first frames of some bytes say: of each track its time, of each counter its value. */
export type StreamHead = {
  /** Decoding time of the first frame by track (any number that names one in the format), milliseconds. */
  readonly timesMs: ReadonlyMap<number, number>
  /** First continuity counter by PID (MPEG-TS); empty for other formats. */
  readonly counters: ReadonlyMap<number, number>
}

/** What is taken from the times, and added to the counters, of everything that a reader gets from a place on. */
export type TimeShift = { readonly ms: number; readonly counters: ReadonlyMap<number, number> }

/**
 * Changes the times in bytes that the muxer of the same format wrote, in place and without changing a length, so that a
 * reader that was moved ahead in a byte log sees times that go on. Bytes are whole appends of the log.
 */
export interface Retimer {
  /** Milliseconds after which times start again; infinite where they do not. */
  readonly rangeMs: number
  head(bytes: Uint8Array): StreamHead
  shift(bytes: Uint8Array, shift: TimeShift): void
}

const COUNTER_RANGE = 16

/**
 * For a reader that has had everything before `here` and goes on at `there`. `before` is its shift so far. All tracks
 * move by one time, the smallest step of any, so that none goes back. Undefined where no track shows in both.
 */
export function shiftBetween(
  { rangeMs }: Pick<Retimer, 'rangeMs'>,
  { here, there }: { readonly here: StreamHead; readonly there: StreamHead },
  before: TimeShift | undefined,
): TimeShift | undefined {
  let stepMs = Number.POSITIVE_INFINITY
  for (const [track, hereMs] of here.timesMs) {
    const thereMs = there.timesMs.get(track)
    if (thereMs === undefined) continue
    const step = thereMs - hereMs
    stepMs = Math.min(stepMs, step < 0 && rangeMs !== Number.POSITIVE_INFINITY ? step + rangeMs : step)
  }
  if (stepMs === Number.POSITIVE_INFINITY || stepMs < 0) return undefined
  const counters = new Map(before?.counters)
  for (const [pid, value] of here.counters) {
    const next = there.counters.get(pid)
    if (next === undefined) continue
    counters.set(pid, ((counters.get(pid) ?? 0) + value - next + COUNTER_RANGE) % COUNTER_RANGE)
  }
  return { ms: (before?.ms ?? 0) + stepMs, counters }
}
