import { ByteWriter } from '../../bytes/index.ts'
import { invariant } from '../../errors.ts'
import type { Track } from '../../model/index.ts'
import { box, fullBox, PLAIN } from './box.ts'
import { type Brands, ftyp } from './boxes/file-boxes.ts'
import { mvex } from './boxes/fragment-boxes.ts'
import { mdia, mvhd, tkhd } from './boxes/movie-boxes.ts'
import { stsd } from './boxes/sample-entries.ts'

const FRAGMENTED_TIMESCALE_HZ = 1000

/**
 * ftyp and moov in front of movie fragments; track_ID is `Track.id`. One track alone is a CMAF header
 * (ISO/IEC 23000-19, 7.3.1), several are an ordinary fragmented file. The bytes are the caller's.
 */
export function writeInitSegment(tracks: readonly Track[]): Uint8Array {
  invariant(tracks.length > 0, 'an initialization segment has at least one track')
  const w = new ByteWriter(initCapacityBytes(tracks))
  ftyp(w, fragmentedBrands(tracks))
  box(w, 'moov', () => {
    const nextTrackId = Math.max(...tracks.map((track) => track.id)) + 1
    mvhd(w, { timescaleHz: FRAGMENTED_TIMESCALE_HZ, durationTicks: 0, nextTrackId })
    for (const track of tracks) fragmentedTrak(w, track)
    mvex(
      w,
      tracks.map((track) => track.id),
    )
  })
  return w.copy()
}

/** Room for the whole segment: a track takes some 600 bytes beside its configuration and language. */
function initCapacityBytes(tracks: readonly Track[]): number {
  return tracks.reduce((sum, { config, language = '' }) => sum + 1024 + config.length + 3 * language.length, 512)
}

/** `cmfc` of ISO/IEC 23000-19, 7.2; `av01` is asked for by the AV1 binding, 2.1. */
function fragmentedBrands(tracks: readonly Track[]): Brands {
  const av1 = tracks.some((track) => track.codec === 'av1') ? ['av01'] : []
  return tracks.length === 1 ? ['iso6', 'cmfc', 'mp41', ...av1] : ['iso6', 'mp41', ...av1]
}

/** Track whose samples are all in fragments: its tables are there and empty. ISO/IEC 14496-12, 8.3.1. */
function fragmentedTrak(w: ByteWriter, track: Track): void {
  box(w, 'trak', () => {
    tkhd(w, track, 0)
    mdia(w, track, 0, () => {
      stsd(w, [track])
      for (const type of ['stts', 'stsc']) fullBox(w, type, PLAIN, () => w.u32(0))
      fullBox(w, 'stsz', PLAIN, () => w.zeros(8))
      fullBox(w, 'stco', PLAIN, () => w.u32(0))
    })
  })
}
