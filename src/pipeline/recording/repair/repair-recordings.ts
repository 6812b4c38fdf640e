import { readMovie } from '../../../media/formats/mp4/index.ts'
import type {
  BlobStore,
  Catalog,
  InitFact,
  RecordingDetail,
  SegmentFact,
  StoredBlob,
} from '../../../platform/storage/index.ts'
import { errorFields, type Logger } from '../../../platform/telemetry/index.ts'
import { readSegmentIndex } from '../progressive/index.ts'
import { durationMs, msOf } from '../vod/recorded-track.ts'
import { wholeChunksLength } from './whole-chunks.ts'

const SEGMENT_FILE = /\/t(\d+)-(\d{8,})\.m4s$/
const INIT_FILE = /\/t(\d+)-init(\d+)\.mp4$/

/**
 * After a kill or a power cut: recordings that were being written are closed, and what their folders hold but the
 * catalogue does not know (segments between "durable" and "written down", the whole chunks of the segment that was
 * open) is taken in. Runs at the start, before anything is recorded.
 */
export async function repairRecordings(catalog: Catalog, store: BlobStore, log: Logger): Promise<void> {
  for (const { id, stream } of await catalog.recordings({ isOpen: true })) {
    try {
      const found = await repairRecording(id, { catalog, store })
      log.warn('recording.repaired', { stream, recording: id, segmentsFound: found })
    } catch (error) {
      log.error('recording.repair-failed', { stream, recording: id, ...errorFields(error) })
    }
  }
}

type Places = { readonly catalog: Catalog; readonly store: BlobStore }

async function repairRecording(id: string, { catalog, store }: Places): Promise<number> {
  const before = await catalog.recording(id)
  if (!before) return 0
  const blobs = await store.list(`recordings/${before.stream}/${id}`)
  for (const init of findInits(before, blobs)) await catalog.initStored(init)
  const detail = (await catalog.recording(id)) ?? before
  const found = await findSegments(detail, blobs, store)
  for (const segment of found) await catalog.segmentStored(segment)
  const ends = [...detail.segments, ...found].map((segment) =>
    Math.round(segment.epochMs + durationMs(detail, segment)),
  )
  await catalog.recordingEnded(id, Math.max(detail.startedMs, ...ends))
  return found.length
}

function findInits({ id, inits }: RecordingDetail, blobs: readonly StoredBlob[]): InitFact[] {
  const known = new Set(inits.map(({ key }) => key))
  return blobs.flatMap(({ key, isPartial }) => {
    const match = INIT_FILE.exec(key)
    if (!match || isPartial || known.has(key)) return []
    return [{ recordingId: id, trackId: Number(match[1]), initId: Number(match[2]), key }]
  })
}

async function findSegments(
  detail: RecordingDetail,
  blobs: readonly StoredBlob[],
  store: BlobStore,
): Promise<SegmentFact[]> {
  const known = new Set(detail.segments.map(({ key }) => key))
  const found: SegmentFact[] = []
  for (const blob of blobs) {
    const match = SEGMENT_FILE.exec(blob.key)
    if (!match || known.has(blob.key)) continue
    const byteLength = blob.isPartial ? await adoptWholeChunks(blob, store) : blob.byteLength
    const place = { trackId: Number(match[1]), sequence: Number(match[2]), key: blob.key, byteLength }
    const segment = byteLength === 0 ? undefined : await describe(detail, place, store)
    if (segment) found.push(segment)
  }
  return found
}

async function adoptWholeChunks({ key, byteLength }: StoredBlob, store: BlobStore): Promise<number> {
  const whole = await wholeChunksLength(byteLength, (from, to) => store.readPartial(key, from, to))
  if (whole > 0) await store.adopt(key, whole)
  else await store.delete(key)
  return whole
}

type Place = Pick<SegmentFact, 'trackId' | 'sequence' | 'key' | 'byteLength'>

/** What the catalogue would have said, read from the segment itself. */
async function describe(detail: RecordingDetail, place: Place, store: BlobStore): Promise<SegmentFact | undefined> {
  const track = detail.tracks.find(({ trackId }) => trackId === place.trackId)
  const own = detail.segments.filter(({ trackId }) => trackId === place.trackId)
  const last = own.at(-1)
  const init = detail.inits.filter(({ trackId }) => trackId === place.trackId).sort((a, b) => b.initId - a.initId)[0]
  if (!track || !init) return undefined
  const initBytes = await store.read(init.key, 0, await store.size(init.key))
  const defaults = new Map(readMovie(initBytes).map((movieTrack) => [movieTrack.track.id, movieTrack.defaults]))
  const recorded = { ...place, initKey: init.key, startTicks: 0, durationTicks: 0, discontinuity: false }
  const runs = await readSegmentIndex(recorded, store, defaults)
  const first = runs[0]
  if (!first) return undefined
  const startTicks = first.baseDecodeTimeTicks + (first.samples[0]?.compositionOffsetTicks ?? 0)
  const durationTicks = runs.reduce(
    (sum, run) => sum + run.samples.reduce((ticks, sample) => ticks + sample.durationTicks, 0),
    0,
  )
  const sinceLastMs = last ? msOf(detail, init, startTicks - last.startTicks) : 0
  return {
    recordingId: detail.id,
    ...place,
    initId: init.initId,
    startTicks,
    durationTicks,
    discontinuity: false,
    epochMs: Math.round((last?.epochMs ?? detail.startedMs) + sinceLastMs),
    keyframes: [],
  }
}
