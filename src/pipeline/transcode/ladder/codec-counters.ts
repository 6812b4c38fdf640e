import type { Progress } from '../channel/job-messages.ts'

export const CODEC_ADVICE = 'for renditions run "npm install node-av"'

/** Counters as they are told to the control thread. */
export type CodecTotals = Readonly<
  Record<'crashes' | 'gaps' | 'dropped' | 'cpuMs' | 'frames' | 'damaged' | 'decoded', number>
>

/** What the codec module of one worker has done since its start. */
export class CodecCounters {
  /** Codec processes that ended under a job. */
  crashes = 0
  /** Times that renditions were interrupted by a gap: of the source, or because the encoder did not follow. */
  gaps = 0
  /** Input frames left out because a codec process did not follow. */
  dropped = 0
  /** CPU time of codec processes. */
  cpuMs = 0
  /** Pictures encoded. */
  frames = 0
  /** Input that did not decode. */
  damaged = 0
  /** Pictures decoded: each once, however many renditions are made of it. */
  decoded = 0

  /** `before`: what the same process said last. */
  encoded(now: Progress, before: Progress | undefined): void {
    this.cpuMs += now.cpuMs - (before?.cpuMs ?? 0)
    this.damaged += Math.max(0, now.damaged - (before?.damaged ?? 0))
    this.decoded += now.decoded - (before?.decoded ?? 0)
    for (const { slot, frames } of now.rungs)
      this.frames += frames - (before?.rungs.find((rung) => rung.slot === slot)?.frames ?? 0)
  }

  get totals(): CodecTotals {
    const { crashes, gaps, dropped, cpuMs, frames, damaged, decoded } = this
    return { crashes, gaps, dropped, cpuMs, frames, damaged, decoded }
  }
}
