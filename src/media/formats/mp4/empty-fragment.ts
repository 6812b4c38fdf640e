import { ByteWriter } from '../../bytes/index.ts'
import { box, fullBox } from './box.ts'
import { mdatHeader } from './boxes/file-boxes.ts'
import { mfhd, TFHD, tfdt } from './boxes/fragment-boxes.ts'

/**
 * A segment of a track that has no samples for that time: where a list cannot leave its number out. Ticks of the track's
 * clock. ISO/IEC 14496-12, 8.8.7.1, duration-is-empty.
 */
export function writeEmptyFragment(place: {
  readonly trackId: number
  readonly sequence: number
  readonly startTicks: number
  readonly durationTicks: number
}): Uint8Array {
  const w = new ByteWriter(96)
  box(w, 'moof', () => {
    mfhd(w, place.sequence)
    box(w, 'traf', () => {
      const flags = TFHD.defaultBaseIsMoof | TFHD.durationIsEmpty | TFHD.defaultDuration
      fullBox(w, 'tfhd', { version: 0, flags }, () => {
        w.u32(place.trackId)
        w.u32(Math.min(place.durationTicks, 0xffff_ffff))
      })
      tfdt(w, Math.max(0, place.startTicks))
    })
  })
  mdatHeader(w, 0)
  return w.view()
}
