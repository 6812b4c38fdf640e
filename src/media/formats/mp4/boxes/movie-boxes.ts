import type { ByteWriter } from '../../../bytes/index.ts'
import type { Track } from '../../../model/index.ts'
import { box, fullBox, PLAIN } from '../box.ts'
import { packLanguage } from '../language.ts'

const UNITY_MATRIX = [0x00010000, 0, 0, 0, 0x00010000, 0, 0, 0, 0x40000000] as const
const LARGEST_U32 = 0xffff_ffff

/** Version 1 only where a 32-bit duration does not hold it. */
function durationVersion(durationTicks: number): 0 | 1 {
  return durationTicks > LARGEST_U32 ? 1 : 0
}

function writeByVersion(w: ByteWriter, version: 0 | 1, value: number): void {
  if (version === 1) w.u64(BigInt(value))
  else w.u32(value)
}

export type MovieHeader = {
  /** Ticks per second of the durations in mvhd, tkhd and elst. */
  readonly timescaleHz: number
  /** 0 in a fragmented file. */
  readonly durationTicks: number
  readonly nextTrackId: number
}

/** Movie Header. ISO/IEC 14496-12, 8.2.2. */
export function mvhd(w: ByteWriter, movie: MovieHeader): void {
  const version = durationVersion(movie.durationTicks)
  fullBox(w, 'mvhd', { version, flags: 0 }, () => {
    writeByVersion(w, version, 0) // creation_time
    writeByVersion(w, version, 0) // modification_time
    w.u32(movie.timescaleHz)
    writeByVersion(w, version, movie.durationTicks)
    w.u32(0x00010000) // rate
    w.u16(0x0100) // volume
    w.zeros(10)
    for (const value of UNITY_MATRIX) w.u32(value)
    w.zeros(24)
    w.u32(movie.nextTrackId)
  })
}

const TRACK_ENABLED_IN_MOVIE = 3

/** Track Header; `durationTicks` in the movie's timescale. ISO/IEC 14496-12, 8.3.2. */
export function tkhd(w: ByteWriter, track: Track, durationTicks: number): void {
  const version = durationVersion(durationTicks)
  fullBox(w, 'tkhd', { version, flags: TRACK_ENABLED_IN_MOVIE }, () => {
    writeByVersion(w, version, 0) // creation_time
    writeByVersion(w, version, 0) // modification_time
    w.u32(track.id)
    w.u32(0)
    writeByVersion(w, version, durationTicks)
    w.zeros(8)
    w.u16(0) // layer
    w.u16(0) // alternate_group
    w.u16(track.kind === 'audio' ? 0x0100 : 0) // volume
    w.u16(0)
    for (const value of UNITY_MATRIX) w.u32(value)
    w.u16(track.kind === 'video' ? track.widthPx : 0)
    w.u16(0)
    w.u16(track.kind === 'video' ? track.heightPx : 0)
    w.u16(0)
  })
}

/** One row of an edit list; times in the movie's and the track's timescale. `mediaTimeTicks` -1 is an empty edit. */
export type Edit = { readonly durationTicks: number; readonly mediaTimeTicks: number }

/** Edit box with its list, version 1. ISO/IEC 14496-12, 8.6.5 and 8.6.6. */
export function edts(w: ByteWriter, edits: readonly Edit[]): void {
  box(w, 'edts', () => {
    fullBox(w, 'elst', { version: 1, flags: 0 }, () => {
      w.u32(edits.length)
      for (const edit of edits) {
        w.u64(BigInt(edit.durationTicks))
        w.i64(BigInt(edit.mediaTimeTicks))
        w.u32(0x00010000) // media_rate
      }
    })
  })
}

/** Media box; `durationTicks` in the track's clock. ISO/IEC 14496-12, 8.4.1. */
export function mdia(w: ByteWriter, track: Track, durationTicks: number, sampleTable: () => void): void {
  box(w, 'mdia', () => {
    mdhd(w, track, durationTicks)
    hdlr(w, track)
    if (track.language !== undefined) elng(w, track.language)
    box(w, 'minf', () => {
      if (track.kind === 'video') vmhd(w)
      else smhd(w)
      dinf(w)
      box(w, 'stbl', sampleTable)
    })
  })
}

/** Media Header. ISO/IEC 14496-12, 8.4.2. */
function mdhd(w: ByteWriter, track: Track, durationTicks: number): void {
  const version = durationVersion(durationTicks)
  fullBox(w, 'mdhd', { version, flags: 0 }, () => {
    writeByVersion(w, version, 0) // creation_time
    writeByVersion(w, version, 0) // modification_time
    w.u32(track.clockRateHz)
    writeByVersion(w, version, durationTicks)
    w.u16(packLanguage(track.language))
    w.u16(0)
  })
}

/** Handler Reference. ISO/IEC 14496-12, 8.4.3. */
function hdlr(w: ByteWriter, track: Track): void {
  fullBox(w, 'hdlr', PLAIN, () => {
    w.u32(0)
    w.ascii(track.kind === 'video' ? 'vide' : 'soun')
    w.zeros(12)
    w.ascii(track.kind === 'video' ? 'VideoHandler' : 'SoundHandler')
    w.u8(0)
  })
}

/** Extended Language Tag: the BCP 47 tag as text. ISO/IEC 14496-12, 8.4.6. */
function elng(w: ByteWriter, language: string): void {
  fullBox(w, 'elng', PLAIN, () => {
    w.utf8(language)
    w.u8(0)
  })
}

/** Video Media Header. ISO/IEC 14496-12, 12.1.2. */
function vmhd(w: ByteWriter): void {
  fullBox(w, 'vmhd', { version: 0, flags: 1 }, () => w.zeros(8))
}

/** Sound Media Header. ISO/IEC 14496-12, 12.2.2. */
function smhd(w: ByteWriter): void {
  fullBox(w, 'smhd', PLAIN, () => w.zeros(4))
}

const DATA_IN_THIS_FILE = { version: 0, flags: 1 } as const

/** Data Information: the samples are in this file. ISO/IEC 14496-12, 8.7.1 and 8.7.2. */
function dinf(w: ByteWriter): void {
  box(w, 'dinf', () => {
    fullBox(w, 'dref', PLAIN, () => {
      w.u32(1)
      fullBox(w, 'url ', DATA_IN_THIS_FILE, () => {})
    })
  })
}
