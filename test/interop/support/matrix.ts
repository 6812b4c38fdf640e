import { writeFile } from 'node:fs/promises'
import type { TestServer } from '../../support/server.ts'
import type { Av } from './av.ts'
import type { Reading } from './av-messages.ts'
import { carried, isMillisecond, isTs } from './carriage.ts'
import { differences } from './compare.ts'
import type { Prepared } from './material.ts'
import { readOwnTs } from './own-ts.ts'
import { openPublisher, type PublishAnswer, WAYS_IN, type WayIn } from './publishers.ts'
import type { Received } from './viewers.ts'
import { viewAll, viewRecording, WAYS_OUT, type WayOut } from './ways-out.ts'

export type Cell =
  | { readonly kind: 'exact' }
  /** Exact for the tracks that the containers on the way carry. */
  | { readonly kind: 'partial'; readonly reason: string }
  /** Refused, as it must be, with this status. */
  | { readonly kind: 'refused'; readonly reason: string }
  | { readonly kind: 'failed'; readonly problems: readonly string[] }
export type Row = { readonly material: string; readonly wayIn: WayIn; readonly cells: ReadonlyMap<WayOut, Cell> }

export type MatrixContext = { readonly server: TestServer; readonly av: Av; readonly folder: string }
type Run = MatrixContext & { readonly prepared: Prepared; readonly wayIn: WayIn; readonly stream: string }

/** Nothing may be missing of what is recorded. Live HLS of a recorded stream serves the recording's segments. */
const KEPT_WHOLE: readonly WayOut[] = ['HLS', 'recorded HLS', 'vod .mp4']
/**
 * A byte viewer joins at the first key frame: audio that was sent in front of it is missing, and for fragmented MP4 the
 * audio that came while that frame's duration was unknown, which is the time to the next frame.
 */
const JOIN_SECONDS = 0.1
/** An audio-only stream is joined at the newest of the points that it offers every half second, and a frame. */
const AUDIO_JOIN_SECONDS = 0.53

const UNSUPPORTED_STATUS = 415
const UNACCEPTABLE_CLOSE = 1003

/** One piece of material through every way in at once, each a stream of its own with a viewer on every output. */
export async function runMaterial(context: MatrixContext, prepared: Prepared): Promise<Row[]> {
  const { name } = prepared.material
  const slug = name.replaceAll(/[^A-Za-z0-9]+/g, '-')
  return Promise.all(
    WAYS_IN.map(async (wayIn): Promise<Row> => {
      const run: Run = { ...context, prepared, wayIn, stream: `matrix/${slug}-${wayIn.replace(' ', '-')}` }
      return { material: name, wayIn, cells: await runWay(run).catch((error) => everywhere(asFailed(error))) }
    }),
  )
}

/**
 * What went in: the access units and records of the container that is pushed (FFmpeg puts SEI messages of an HEVC
 * record into its transport streams), with the exact times of the source.
 */
function pushedReading({ reading, flv, ts }: Prepared, wayIn: WayIn): Reading {
  const container = isTs(wayIn) ? ts : flv
  const tracks = reading.tracks.map((track, at) => {
    const pushed = container?.reading.tracks[at]
    if (pushed?.codec !== track.codec || pushed.units.length !== track.units.length) return track
    const units = track.units.map((unit, i) => ({ ...unit, sha256: pushed.units[i]?.sha256 ?? '' }))
    return { ...track, record: pushed.record, units }
  })
  return { tracks }
}

async function runWay(run: Run): Promise<Map<WayOut, Cell>> {
  const { reading, reasons } = carried(run.prepared.reading, [run.wayIn])
  const publisher = openPublisher(run.wayIn, run, run.prepared)
  if (!publisher) return everywhere({ kind: 'failed', problems: ['FFmpeg cannot write this container'] })
  await publisher.start()
  if (reading.tracks.length === 0) {
    const refused = asRefused(await publisher.finish(), reasons.join(', '))
    return everywhere(refused)
  }
  await run.server.live(run.stream)
  const views = viewAll(run.server, run.stream)
  await views.joined
  const answer = await publisher.finish()
  if (![200, 1000, 1005].includes(answer.code)) {
    return everywhere({ kind: 'failed', problems: [`push ended with ${answer.code} ${answer.text}`] })
  }
  const received = [...(await views.received), ...(await viewRecording(run.server, run.stream))]
  const judged = received.map(async ([way, got]) => [way, await judge(run, way, got).catch(asFailed)] as const)
  return new Map(await Promise.all(judged))
}

function asFailed(error: unknown): Cell {
  return { kind: 'failed', problems: [error instanceof Error ? error.message : String(error)] }
}

function everywhere(cell: Cell): Map<WayOut, Cell> {
  return new Map(WAYS_OUT.map((way) => [way, cell]))
}

function asRefused({ code, text }: PublishAnswer, reason: string): Cell {
  if (code === UNSUPPORTED_STATUS || code === UNACCEPTABLE_CLOSE)
    return { kind: 'refused', reason: `${code}: ${reason}` }
  return { kind: 'failed', problems: [`not refused but ${code} ${text} (${reason})`] }
}

async function judge(run: Run, way: WayOut, received: Received): Promise<Cell> {
  const { reading, reasons } = carried(pushedReading(run.prepared, run.wayIn), [run.wayIn, way])
  // Whoever asks for pictures that the output cannot carry is told so, and not left with the sound.
  const hasItsVideo = hasVideo(reading) || !hasVideo(carried(run.prepared.reading, [run.wayIn]).reading)
  if (reading.tracks.length === 0 || !hasItsVideo) return asRefused(received, reasons.join(', '))
  if (received.files.length === 0) return { kind: 'failed', problems: [`nothing: ${received.code} ${received.text}`] }
  const out = await readReceived(run, way, received)
  const isMs = isMillisecond(run.wayIn) || isMillisecond(way)
  const problems = differences(reading, out, {
    joinSeconds: KEPT_WHOLE.includes(way) ? 0 : hasVideo(reading) ? JOIN_SECONDS : AUDIO_JOIN_SECONDS,
    tickSeconds: isMs ? 1 / 1000 : 1 / 90_000,
    record: isTs(run.wayIn) || isTs(way) ? 'same meaning' : 'same record',
  })
  if (problems.length > 0) return { kind: 'failed', problems }
  return reasons.length > 0 ? { kind: 'partial', reason: reasons.join(', ') } : { kind: 'exact' }
}

function hasVideo({ tracks }: Reading): boolean {
  return tracks.some(({ kind }) => kind === 'video')
}

/** FFmpeg's reading; where its MPEG-TS demuxer does not know the codec (AV1), the server's own. */
async function readReceived(run: Run, way: WayOut, { files }: Received): Promise<Reading> {
  const hasAv1 = run.prepared.reading.tracks.some(({ codec }) => codec === 'av1')
  const readings = files.map(async ({ bytes, extension }, at) => {
    if (extension === 'ts' && hasAv1) return readOwnTs(bytes)
    const name = `${run.stream.replaceAll('/', '-')}-${way.replaceAll(/[^A-Za-z0-9]+/g, '-')}-${at}.${extension}`
    const path = `${run.folder}/${name}`
    await writeFile(path, bytes)
    return run.av.call('read', { url: path })
  })
  return { tracks: (await Promise.all(readings)).flatMap(({ tracks }) => tracks) }
}
