import { type Profile, WATCH_PROFILE } from '../../../platform/config/index.ts'
import type { RungOrder } from '../channel/job-messages.ts'
import type { FeedStart } from './past-frames.ts'

/** A keyframe so much older than the newest frame is not encoded from: the rendition would start far behind. */
const MAX_CATCH_UP_TICKS = 2.5 * 90_000
/** What a late start makes up for, so that its first viewer has something to begin with. */
const CATCH_UP_TICKS = 90_000

/** One life of a rung in a codec job. */
export type RungLife = {
  readonly profile: Profile
  readonly slot: number
  readonly afterTicks: number | undefined
  readonly isLed?: boolean
}

/** What the codec process is told of a rung. */
export function rungOrder({ profile, slot, afterTicks, isLed }: RungLife, isHalved: boolean): RungOrder {
  const { video, audio } = profile
  return {
    slot,
    ...(isLed ? { isLed } : {}),
    ...(profile.name === WATCH_PROFILE ? { isWatch: true } : {}),
    ...(video.codec === 'none' ? {} : { video: { ...video, codec: video.codec, isHalved } }),
    ...(audio.codec === 'none' ? {} : { audio: { ...audio, codec: audio.codec } }),
    ...(afterTicks === undefined ? {} : { afterTicks }),
  }
}

/**
 * Up to where frames are not made: those that viewers of the rendition have had already, and those of a long group of
 * pictures that began long ago.
 */
export function skipTo(
  profile: Profile,
  { keyTicks, newestTicks, wantedTicks = newestTicks }: FeedStart,
  publishedTicks: number | undefined,
): number | undefined {
  const isLong = keyTicks !== undefined && wantedTicks !== undefined && wantedTicks - keyTicks > MAX_CATCH_UP_TICKS
  const latest = Math.min((newestTicks ?? 0) - CATCH_UP_TICKS, wantedTicks ?? 0)
  // Video that is passed on can start at its keyframe only.
  const lateStart = isLong && profile.video.codec !== 'copy' ? latest : undefined
  if (publishedTicks === undefined) return lateStart
  return Math.max(publishedTicks, lateStart ?? publishedTicks)
}
