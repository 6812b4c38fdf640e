import { type Box, readBoxes, readerOf } from '../box.ts'
import { readMoof } from '../read-fragment.ts'
import { type MovieTrack, readMovie } from '../read-movie.ts'

/** What the boxes of a CMAF segment amount to. */
export type CmafFacts = {
  readonly problems: readonly string[]
  /** Decode time of the first sample, and the sum of all durations. */
  readonly decodeTicks: number
  readonly durationTicks: number
  /** Presentation time of the first sample. */
  readonly startTicks: number
  readonly isIndependent: boolean
  readonly timescaleHz: number
}

/** Rules of ISO/IEC 14496-12 and 23000-19 for a CMAF header: each problem as `name (clause): what`. */
export function checkInit(bytes: Uint8Array): string[] {
  const boxes = [...readBoxes(readerOf(bytes))]
  const types = boxes.map(({ type }) => type)
  const [first] = boxes
  const brands =
    first?.type === 'ftyp' ? Buffer.from(bytes.subarray(8, 8 + first.body.remaining)).toString('latin1') : ''
  const tracks = types.includes('moov') ? readMovie(bytes) : []
  const RULES: readonly (readonly [boolean, string])[] = [
    [types.join() === 'ftyp,moov', `header-boxes (23000-19, 7.3.1): ${types}`],
    [/^.{8}(?:.{4})*?cmfc/.test(brands), `cmaf-brand (23000-19, 7.2): ${brands}`],
    [tracks.length === 1, `one-track (23000-19, 7.3.1): ${tracks.length}`],
    [tracks.every(({ isFragmented }) => isFragmented), 'mvex (23000-19, 7.3.1): no trex for the track'],
    [tracks.every(({ timescaleHz }) => timescaleHz > 0), 'timescale (14496-12, 8.4.2)'],
  ]
  return RULES.filter(([holds]) => !holds).map(([, problem]) => problem)
}

/** Rules for the chunks of one segment, with its CMAF header. ISO/IEC 14496-12, 8.8 and 23000-19, 7.3.2 and 7.3.3. */
export function checkSegment(init: Uint8Array, bytes: Uint8Array): CmafFacts {
  const [movie] = readMovie(init)
  const facts = { problems: [] as string[], decodeTicks: -1, durationTicks: 0, startTicks: -1, isIndependent: false }
  if (!movie) return { ...facts, problems: ['no track in the header'], timescaleHz: 1 }
  const boxes = [...readBoxes(readerOf(bytes))].filter(({ type }) => type !== 'styp' && type !== 'prft')
  const types = boxes.map(({ type }) => type).join()
  if (!/^(moof,mdat)(,moof,mdat)*$/.test(types)) facts.problems.push(`chunk-boxes (23000-19, 7.3.2.3): ${types}`)
  let at = 0
  let sequence = -1
  for (const [index, box] of boxes.entries()) {
    if (box.type !== 'moof') continue
    const next = boxes[index + 1]
    at = checkChunk(facts, { moof: box, mdatBytes: next?.body.remaining ?? 0, movie, nextTicks: at })
    const mfhd = sequenceOf(bytes, box)
    if (mfhd <= sequence) facts.problems.push(`mfhd-grows (14496-12, 8.8.5): ${mfhd} behind ${sequence}`)
    sequence = mfhd
  }
  return { ...facts, durationTicks: at - facts.decodeTicks, timescaleHz: movie.timescaleHz }
}

type Chunk = { readonly moof: Box; readonly mdatBytes: number; readonly movie: MovieTrack; readonly nextTicks: number }

/** Returns where the chunk ends in decode time. */
function checkChunk(
  facts: { problems: string[]; decodeTicks: number; startTicks: number; isIndependent: boolean },
  { moof, mdatBytes, movie, nextTicks }: Chunk,
): number {
  const fragments = readMoof(moof.body, new Map([[movie.track.id, movie.defaults]]))
  const [fragment] = fragments
  if (fragments.length !== 1 || !fragment) {
    facts.problems.push(`one-traf (23000-19, 7.3.2.3): ${fragments.length}`)
    return nextTicks
  }
  const samples = fragment.runs.flatMap(({ samples }) => samples)
  const base = fragment.baseDecodeTimeTicks
  if (base === undefined) facts.problems.push('tfdt (23000-19, 7.3.2.3): missing')
  if (fragment.trackId !== movie.track.id) facts.problems.push(`track-id (14496-12, 8.8.7): ${fragment.trackId}`)
  const start = base ?? nextTicks
  const [first] = samples
  if (facts.decodeTicks < 0) {
    Object.assign(facts, {
      decodeTicks: start,
      startTicks: start + (first?.compositionOffsetTicks ?? 0),
      isIndependent: first?.isKey ?? false,
    })
  } else if (start !== nextTicks) facts.problems.push(`tfdt-continues (23000-19, 7.3.2.3): ${start}, not ${nextTicks}`)
  const sizes = samples.reduce((sum, sample) => sum + sample.sizeBytes, 0)
  if (sizes !== mdatBytes) facts.problems.push(`sample-sizes (14496-12, 8.8.8): ${sizes} bytes in ${mdatBytes}`)
  return samples.reduce((sum, sample) => sum + sample.durationTicks, start + fragment.emptyTicks)
}

/** Movie Fragment Header: the first box of the moof. ISO/IEC 14496-12, 8.8.5. */
function sequenceOf(bytes: Uint8Array, moof: Box): number {
  const HEADERS_BYTES = 8 + 8 + 4
  return new DataView(bytes.buffer, bytes.byteOffset, bytes.length).getUint32(moof.start + HEADERS_BYTES)
}
