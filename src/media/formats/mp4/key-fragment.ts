import type { Ticks } from '../../model/index.ts'
import { writeFragment } from './fragment.ts'

/**
 * The keyframe at the start of a segment as a segment of its own that lasts as long: what a track for fast playback is
 * made of. It is shown at the time at which it is decoded. ISO/IEC 23000-19, 7.3.2.3.
 */
export function writeKeyFragment(
  place: {
    readonly trackId: number
    readonly sequence: number
    readonly startTicks: number
    readonly durationTicks: number
  },
  keyframe: Uint8Array,
): Uint8Array[] {
  const startTicks = place.startTicks as Ticks
  const times = { dtsTicks: startTicks, ptsTicks: startTicks, durationTicks: place.durationTicks as Ticks }
  return writeFragment(place.sequence, [
    { trackId: place.trackId, samples: [{ ...times, isKey: true, data: keyframe }] },
  ])
}

const NO_PLACE = { trackId: 1, sequence: 1, startTicks: 0, durationTicks: 1 }
let boxBytes: number | undefined

/** Length of what `writeKeyFragment` makes of a keyframe of `keyframeBytes`. */
export function keyFragmentBytes(keyframeBytes: number): number {
  boxBytes ??= writeKeyFragment(NO_PLACE, new Uint8Array(0)).reduce((sum, { length }) => sum + length, 0)
  return boxBytes + keyframeBytes
}
