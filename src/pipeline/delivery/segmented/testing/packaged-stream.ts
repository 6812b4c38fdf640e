import { checkMpd } from '../../../../media/formats/dash/testing/check-mpd.ts'
import { readMpd } from '../../../../media/formats/dash/testing/read-mpd.ts'
import { parseMediaPlaylist } from '../../../../media/formats/hls/index.ts'
import { checkPlaylist } from '../../../../media/formats/hls/testing/check-playlist.ts'
import { type Frame, type Ticks, type Track, ticks } from '../../../../media/model/index.ts'
import { CmafIndex, CmafOutput, decodeCmafRecord } from '../../../packaging/index.ts'
import { LogWriter, openLocalLog, plannedRungs, SegmentPool } from '../../../stream/index.ts'
import { manifest } from '../dash/manifest.ts'
import { iFramePlaylist } from '../hls/i-frames.ts'
import { mediaPlaylist } from '../hls/media.ts'
import { multivariantPlaylist } from '../hls/multivariant.ts'
import { imageVariants } from '../live-tiles.ts'
import { tsMultivariantPlaylist, tsPlaylist } from '../ts/ts-playlist.ts'

export const VIDEO: Track = {
  id: 1,
  kind: 'video',
  codec: 'h264',
  clockRateHz: 90_000,
  config: Buffer.from('0142c00cffe100196742c00cd901419f9f011000000300100000030320f142a48001000568cb83cb20', 'hex'),
  codecString: 'avc1.42c00c',
  widthPx: 320,
  heightPx: 180,
}
export const AUDIO: Track = {
  id: 2,
  kind: 'audio',
  codec: 'aac',
  clockRateHz: 48_000,
  config: Uint8Array.of(0x11, 0x90),
  codecString: 'mp4a.40.2',
  sampleRateHz: 48_000,
  channelCount: 2,
}
export const TILES = { columns: 2, rows: 1, intervalMs: 1000, widthPx: 160 }
const OPTIONS = { segmentMs: 1000, partTargetMs: 334, windowSegments: 5, timeShiftMs: 0, tileMs: 2000 }

export const PLANNED = plannedRungs({ streams: { '**': { ladder: ['240p', 'audio'] } }, profiles: {} }, 'live/a', [
  { ...VIDEO, widthPx: 1280, heightPx: 720 },
  AUDIO,
]).map((rung) => ({ prefix: `${rung.rung}/`, rung }))

/** A packager with a reader's index behind it, as another worker has it. */
export function startOutput(more: { readonly life?: string; readonly isBack?: boolean } = {}) {
  const pool = new SegmentPool({ segmentBytes: 65_536, maxSegments: 200 })
  const writer = new LogWriter(pool, { maxBytes: 10_000_000 })
  const output = new CmafOutput(writer, { ...OPTIONS, life: 'life', ...more })
  const { reader } = openLocalLog(writer, 0, () => {})
  const index = CmafIndex.fromSnapshot(output.snapshot())
  let position = reader.startPosition
  const follow = () => {
    for (let placed = decodeCmafRecord(reader, position, reader.head); placed; ) {
      const { payloadFrom, next } = placed
      index.apply(placed, () => new Uint8Array(reader.contiguous(payloadFrom, next)))
      position = next
      placed = decodeCmafRecord(reader, position, reader.head)
    }
  }
  return { output, index, follow }
}

export function videoFrame(atMs: number, isKey: boolean, shownMs = atMs): Frame {
  const dtsTicks = ticks(Math.round(atMs * 90))
  const ptsTicks = ticks(Math.round(shownMs * 90))
  return { trackId: 1, ptsTicks, dtsTicks, durationTicks: ticks(0), isKey, data: Uint8Array.of(1, 2, 3) }
}
export function audioFrame(at: number): Frame {
  const durationTicks = ticks(1024)
  return {
    trackId: 2,
    ptsTicks: at as Ticks,
    dtsTicks: at as Ticks,
    durationTicks,
    isKey: true,
    data: Uint8Array.of(1),
  }
}

export function problemsOf(index: CmafIndex): string[] {
  if (index.tracks.size === 0 || [...index.tracks.values()].some(({ segments }) => segments.length === 0)) return []
  const ladder = [{ prefix: '', index }] as const
  const mpds = (['timeline', 'number'] as const).flatMap((template) =>
    [[], PLANNED].flatMap((planned) =>
      checkMpd(manifest('live/a', ladder, { template, planned, tiles: TILES, trickMode: true }) ?? ''),
    ),
  )
  const media = [...index.tracks.values()].flatMap((track) =>
    (['whole', 'delta'] as const).flatMap((form) => checkPlaylist(mediaPlaylist(index, track, form))),
  )
  const iFrames = [...index.tracks.values()].map((track) => iFramePlaylist(index, track))
  const lists = [
    multivariantPlaylist(ladder, { images: imageVariants(TILES, 'live/a', ladder[0].index) }),
    multivariantPlaylist(ladder, { planned: PLANNED }),
    ...iFrames,
  ]
  const ts = [tsPlaylist(index) ?? '', tsMultivariantPlaylist(ladder, PLANNED)]
  return [...[...lists, ...ts].flatMap((text) => checkPlaylist(text)), ...media, ...mpds, ...foreignInits(index)]
}

/** What an MPD lists under other initialization segments than the playlists, which name one for each segment. */
function foreignInits(index: CmafIndex): string[] {
  const initOf = new Map<string, string | undefined>()
  for (const track of index.tracks.values())
    for (const { uri, map } of parseMediaPlaylist(mediaPlaylist(index, track, 'whole')).segments)
      initOf.set(uri, map?.uri)
  const { periods } = readMpd(manifest('live/a', [{ prefix: '', index }], { template: 'timeline' }) ?? '')
  return periods.flatMap(({ id, representations }) =>
    representations.flatMap(({ initUri, segments }) =>
      segments
        .filter(({ uri }) => initOf.has(uri) && initOf.get(uri) !== initUri)
        .map(({ uri }) => `${uri} of period ${id} is listed with ${initUri}, made with ${initOf.get(uri)}`),
    ),
  )
}

/** Wall clock of the start of each period of the MPD, in milliseconds; empty while there is none. */
export function periodStarts(index: CmafIndex): ReadonlyMap<string, number> {
  const text = manifest('live/a', [{ prefix: '', index }], { template: 'timeline' })
  const { availabilityStartMs, periods } = text === undefined ? { availabilityStartMs: 0, periods: [] } : readMpd(text)
  return new Map(periods.map(({ id, startMs }) => [id, Math.round(availabilityStartMs + startMs)]))
}
