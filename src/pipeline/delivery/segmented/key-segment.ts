import { writeKeyFragment } from '../../../media/formats/mp4/index.ts'
import type { IndexedSegment } from '../../packaging/index.ts'
import { copyOf, type SegmentedView } from './segmented-view.ts'

/** The keyframe that a segment in the log starts with, as a segment. Undefined where it is gone. */
export function keySegment(
  view: SegmentedView,
  trackId: number,
  { keyframes, parts, sequence, startTicks, durationTicks }: IndexedSegment,
): Uint8Array | undefined {
  const [keyframe] = keyframes
  const data = keyframe && copyOf(view, parts, keyframe)
  return data && Buffer.concat(writeKeyFragment({ trackId, sequence, startTicks, durationTicks }, data))
}
