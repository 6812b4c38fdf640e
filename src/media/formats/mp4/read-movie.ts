import type { ByteReader } from '../../bytes/index.ts'
import { LimitExceededError, MalformedInputError, UnsupportedInputError } from '../../errors.ts'
import type { Track } from '../../model/index.ts'
import {
  type Box,
  child,
  readBoxes,
  readByVersion,
  readChildren,
  readerOf,
  readFourCc,
  readVersionAndFlags,
} from './box.ts'
import { readSampleEntry } from './boxes/read-sample-entry.ts'
import { unpackLanguage } from './language.ts'

/** Defaults for the fragments of a track. ISO/IEC 14496-12, 8.8.3. */
export type TrackExtends = {
  readonly durationTicks: number
  readonly sizeBytes: number
  readonly flags: number
}

/** A track of a movie box. */
export type MovieTrack = {
  /** With the clock of its codec, which is not always the file's. */
  readonly track: Track
  /** The file's own clock for this track. */
  readonly timescaleHz: number
  /** To be added to composition times, in ticks of `timescaleHz`: what the edit list shifts. */
  readonly presentationShiftTicks: number
  readonly defaults: TrackExtends
  /** The movie announces fragments of this track. */
  readonly isFragmented: boolean
}

const MAX_TRACKS = 64
const NO_DEFAULTS: TrackExtends = { durationTicks: 0, sizeBytes: 0, flags: 0 }

/**
 * The tracks of an initialization segment (ftyp and moov, or moov alone). Tracks of other kinds than audio and
 * video, and of codecs that Millrace does not know, are left out. Configurations are copies.
 */
export function readMovie(bytes: Uint8Array): MovieTrack[] {
  const reader = readerOf(bytes)
  for (const { type, body } of readBoxes(reader)) {
    if (type === 'moov') return readMoov(body)
  }
  throw new MalformedInputError('moov', reader.offset, 'mandatory box is missing')
}

/** The reverse of `writeInitSegment`. Throws where no track can be used. */
export function readInitSegment(bytes: Uint8Array): Track[] {
  return readMovie(bytes).map((movieTrack) => movieTrack.track)
}

function readMoov(moov: ByteReader): MovieTrack[] {
  const boxes = [...readBoxes(moov)]
  const defaults = readMvex(boxes.find((each) => each.type === 'mvex'))
  const movieTimescaleHz = readMovieTimescale(boxes.find((each) => each.type === 'mvhd'))
  const traks = boxes.filter((each) => each.type === 'trak')
  if (traks.length > MAX_TRACKS)
    throw new LimitExceededError(`${traks.length} tracks in a movie, ${MAX_TRACKS} at most`)
  const problems: UnsupportedInputError[] = []
  const tracks = traks.flatMap(({ body }) => {
    try {
      return readTrak(body, movieTimescaleHz, defaults)
    } catch (error) {
      if (!(error instanceof UnsupportedInputError)) throw error
      problems.push(error)
      return []
    }
  })
  if (tracks.length === 0) throw problems[0] ?? new UnsupportedInputError('a movie without audio and video tracks')
  return tracks
}

function readMovieTimescale(mvhd: Box | undefined): number {
  if (mvhd === undefined) return 1
  const { version } = readVersionAndFlags(mvhd.body)
  mvhd.body.skip(version === 1 ? 16 : 8, 'creation_time')
  return mvhd.body.u32('timescale') || 1
}

function readMvex(mvex: Box | undefined): Map<number, TrackExtends> {
  const defaults = new Map<number, TrackExtends>()
  if (mvex === undefined) return defaults
  for (const { type, body } of readBoxes(mvex.body)) {
    if (type !== 'trex') continue
    readVersionAndFlags(body)
    const trackId = body.u32('track_ID')
    body.skip(4, 'default_sample_description_index')
    const durationTicks = body.u32('default_sample_duration')
    const sizeBytes = body.u32('default_sample_size')
    defaults.set(trackId, { durationTicks, sizeBytes, flags: body.u32('default_sample_flags') })
  }
  return defaults
}

function readTrak(
  trak: ByteReader,
  movieTimescaleHz: number,
  defaults: ReadonlyMap<number, TrackExtends>,
): MovieTrack[] {
  const children = readChildren(trak)
  const mdia = child(children, 'mdia', trak)
  const media = readChildren(mdia)
  const handler = readHandler(child(media, 'hdlr', mdia))
  if (handler !== 'vide' && handler !== 'soun') return []
  const trackId = readTrackId(child(children, 'tkhd', trak))
  const { timescaleHz, language } = readMdhd(child(media, 'mdhd', mdia), media.get('elng'))
  const described = readSampleDescription(child(media, 'minf', mdia), trackId)
  const track = language === undefined ? described : { ...described, language }
  const presentationShiftTicks = readEdits(children.get('edts'), timescaleHz / movieTimescaleHz)
  const extended = defaults.get(trackId)
  return [
    {
      track,
      timescaleHz,
      presentationShiftTicks,
      defaults: extended ?? NO_DEFAULTS,
      isFragmented: extended !== undefined,
    },
  ]
}

function readHandler(hdlr: ByteReader): string {
  hdlr.skip(8, 'pre_defined')
  return readFourCc(hdlr, 'handler_type')
}

function readTrackId(tkhd: ByteReader): number {
  const { version } = readVersionAndFlags(tkhd)
  tkhd.skip(version === 1 ? 16 : 8, 'creation_time')
  return tkhd.u32('track_ID')
}

function readMdhd(
  mdhd: ByteReader,
  elng: ByteReader | undefined,
): { timescaleHz: number; language: string | undefined } {
  const { version } = readVersionAndFlags(mdhd)
  mdhd.skip(version === 1 ? 16 : 8, 'creation_time')
  const timescaleHz = mdhd.u32('timescale')
  if (timescaleHz === 0) mdhd.fail('timescale', 'is 0')
  readByVersion(mdhd, 0, 'duration')
  if (version === 1) mdhd.skip(4, 'duration')
  const packed = mdhd.u16('language')
  return { timescaleHz, language: elng === undefined ? unpackLanguage(packed) : readElng(elng) }
}

function readElng(elng: ByteReader): string | undefined {
  readVersionAndFlags(elng)
  const [text] = elng.utf8(elng.remaining, 'extended_language').split('\0')
  return text || undefined
}

/** The first entry; a fragmented file with several is read by its first. */
function readSampleDescription(minf: ByteReader, trackId: number): Track {
  const stbl = child(readChildren(minf), 'stbl', minf)
  const stsd = child(readChildren(stbl), 'stsd', stbl)
  readVersionAndFlags(stsd)
  stsd.skip(4, 'entry_count')
  for (const entry of readBoxes(stsd)) return readSampleEntry(entry, trackId)
  return stsd.fail('stsd', 'has no sample entry')
}

/** Empty edits put the start later, the first media_time puts it earlier; rate changes are not followed. */
function readEdits(edts: ByteReader | undefined, mediaTicksPerMovieTick: number): number {
  const elst = edts === undefined ? undefined : readChildren(edts).get('elst')
  if (elst === undefined) return 0
  const { version } = readVersionAndFlags(elst)
  const count = elst.u32('entry_count')
  let shiftTicks = 0
  for (let index = 0; index < count; index++) {
    const duration = readByVersion(elst, version, 'segment_duration')
    const mediaTime = version === 1 ? Number(elst.i64('media_time')) : elst.i32('media_time')
    elst.skip(4, 'media_rate')
    if (mediaTime >= 0) return shiftTicks - mediaTime
    shiftTicks += Math.round(duration * mediaTicksPerMovieTick)
  }
  return shiftTicks
}
