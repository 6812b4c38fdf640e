import { ByteWriter } from '../../bytes/index.ts'
import { invariant } from '../../errors.ts'
import { box } from './box.ts'
import { ftyp, mdatHeader, mdatHeaderBytes } from './boxes/file-boxes.ts'
import { mvhd } from './boxes/movie-boxes.ts'
import type { OffsetBox } from './boxes/sample-table-boxes.ts'
import { movieTimescaleHz, planTrack, presentationSpan, type TrackPlan, trak } from './progressive-track.ts'
import type { PlacedChunk, ProgressiveChunk, ProgressiveTrack } from './sample-table.ts'

/** Bytes of the output that are bytes of a source. */
export type ProgressiveExtent = {
  readonly outputOffset: number
  readonly byteLength: number
  readonly sourceIndex: number
  readonly sourceOffset: number
}

export type ProgressiveLayout = {
  /** ftyp, moov and the header of mdat; the caller's. */
  readonly head: Uint8Array
  /** Of the whole file, head included. */
  readonly totalBytes: number
  /** What follows the head, without gaps. */
  readonly extents: readonly ProgressiveExtent[]
}

const BRANDS = ['isom', 'iso2', 'mp41'] as const
const LARGEST_U32 = 0xffff_ffff

/**
 * Lays out an MP4 that plays while it is downloaded: the tables in front, then the media data in the order of
 * `chunks`, which hold every sample of every track once, per track in decode order. Knows no payload.
 * ISO/IEC 14496-12, 6.2.3, 8.6 and 8.7.
 *
 * The earliest presentation time of all tracks becomes zero. Edit lists take away the initial composition offset and
 * put an empty edit in front of a track that starts later, so that the tracks stay in step.
 */
export function layoutProgressive(
  tracks: readonly ProgressiveTrack[],
  chunks: readonly ProgressiveChunk[],
): ProgressiveLayout {
  invariant(tracks.length > 0, 'a movie has at least one track')
  const payloadBytes = chunks.reduce((sum, chunk) => sum + chunk.byteLength, 0)
  const movie = planMovie(tracks, chunks)
  // Table sizes do not depend on the offsets in them: a first pass with zeros tells where the data start.
  const smallHead = writeHead(movie, 'stco', payloadBytes, 0)
  const offsetBox = smallHead.length + payloadBytes > LARGEST_U32 ? 'co64' : 'stco'
  const headBytes = offsetBox === 'stco' ? smallHead.length : writeHead(movie, 'co64', payloadBytes, 0).length
  const head = writeHead(movie, offsetBox, payloadBytes, headBytes)
  return { head, totalBytes: headBytes + payloadBytes, extents: toExtents(chunks, headBytes) }
}

type MoviePlan = {
  readonly timescaleHz: number
  readonly durationTicks: number
  readonly tracks: readonly TrackPlan[]
}

function planMovie(tracks: readonly ProgressiveTrack[], chunks: readonly ProgressiveChunk[]): MoviePlan {
  const timescaleHz = movieTimescaleHz(tracks.map(({ versions }) => versions[0].clockRateHz))
  const placed = placeChunks(tracks, chunks)
  const starts = tracks.map(({ samples, versions }) => presentationSpan(samples).startTicks / versions[0].clockRateHz)
  const startSeconds = Math.min(...starts)
  const plans = tracks.map((track, index) => planTrack(track, placed[index] ?? [], { timescaleHz, startSeconds }))
  return { timescaleHz, durationTicks: Math.max(...plans.map((plan) => plan.movieDurationTicks)), tracks: plans }
}

function placeChunks(tracks: readonly ProgressiveTrack[], chunks: readonly ProgressiveChunk[]): PlacedChunk[][] {
  const placed: PlacedChunk[][] = tracks.map(() => [])
  let payloadOffset = 0
  for (const chunk of chunks) {
    placed[chunk.trackIndex]?.push({ chunk, payloadOffset })
    payloadOffset += chunk.byteLength
  }
  for (const [index, track] of tracks.entries()) {
    const count = placed[index]?.reduce((sum, { chunk }) => sum + chunk.sampleCount, 0)
    invariant(count === track.samples.dtsTicks.length && count > 0, 'chunks hold every sample of every track')
  }
  return placed
}

function writeHead(movie: MoviePlan, offsetBox: OffsetBox, payloadBytes: number, headBytes: number): Uint8Array {
  const w = new ByteWriter(capacityBytes(movie))
  ftyp(w, BRANDS)
  box(w, 'moov', () => {
    const nextTrackId = Math.max(...movie.tracks.map((plan) => plan.versions[0].id)) + 1
    mvhd(w, { timescaleHz: movie.timescaleHz, durationTicks: movie.durationTicks, nextTrackId })
    for (const plan of movie.tracks) trak(w, plan, { offsetBox, dataStart: headBytes })
  })
  mdatHeader(w, payloadBytes)
  return w.copy()
}

/** Room for the whole head, so that it is written without moving. */
function capacityBytes(movie: MoviePlan): number {
  return movie.tracks.reduce((sum, plan) => sum + plan.tableBytes, 1024 + mdatHeaderBytes(LARGEST_U32))
}

function toExtents(chunks: readonly ProgressiveChunk[], headBytes: number): ProgressiveExtent[] {
  let outputOffset = headBytes
  return chunks.map(({ byteLength, sourceIndex, sourceOffset }) => {
    const extent = { outputOffset, byteLength, sourceIndex, sourceOffset }
    outputOffset += byteLength
    return extent
  })
}
