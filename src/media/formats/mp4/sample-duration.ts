import { frameSampleCount } from '../../codecs/index.ts'
import { MillraceError } from '../../errors.ts'
import { rescaleTicks, type Ticks, type Track, ticks } from '../../model/index.ts'

const DEFAULT_FRAME_RATE = 30

/** For the first video frame of a track, when nothing else is known. */
export function defaultDurationTicks(track: Track): Ticks {
  return ticks(Math.round(track.clockRateHz / DEFAULT_FRAME_RATE))
}

/** The duration of an audio frame by its sample count; 0 for video and where the frame does not tell. */
export function countedDurationTicks(track: Track, data: Uint8Array): Ticks {
  if (track.kind === 'video') return ticks(0)
  try {
    const count = frameSampleCount(track.codec, data, track.config)
    const perChannel = track.codec === 'pcma' || track.codec === 'pcmu' ? Math.floor(count / track.channelCount) : count
    return rescaleTicks(perChannel, track.sampleRateHz, track.clockRateHz)
  } catch (error) {
    if (error instanceof MillraceError) return ticks(0)
    throw error
  }
}
