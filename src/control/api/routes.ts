import { z } from 'zod'
import { isRecorded, plannedRungs, renditionParts } from '../../pipeline/stream/index.ts'
import { type Config, streamNameProblem } from '../../platform/config/index.ts'
import { AccessDeniedError } from '../../platform/errors.ts'
import type { RecordingSummary } from '../../platform/storage/index.ts'
import { type LiveEntry, TRANSCODE_PROTOCOL } from '../registry.ts'
import type { ApiContext } from './api-context.ts'
import type { ApiRoute } from './api-route.ts'
import { ASSET_ROUTES } from './asset-routes.ts'
import { EVENT_ROUTE } from './event-route.ts'
import { INFO, RECORDING, RECORDINGS, type RENDITION, STREAM, STREAMS } from './schemas.ts'

export const ROUTES: readonly ApiRoute[] = [
  {
    method: 'GET',
    path: '/info',
    summary: 'Version and listeners of this server',
    access: 'anyone',
    answer: INFO,
    handle: async (context) => ({ name: 'millrace', version: context.version, listeners: context.listeners() }),
  },
  {
    method: 'GET',
    path: '/streams',
    summary: 'All live streams',
    access: 'anyone',
    answer: STREAMS,
    handle: async (context) => ({ streams: [...context.registry.streams].map((entry) => streamView(context, entry)) }),
  },
  {
    method: 'GET',
    path: '/streams/*',
    summary: 'One live stream',
    access: 'anyone',
    answer: STREAM,
    handle: async (context, { wildcard }) => streamView(context, liveEntry(context, wildcard)),
  },
  {
    method: 'DELETE',
    path: '/streams/*',
    summary: 'End a live stream and close its publisher',
    access: 'admin',
    answer: z.object({ removed: z.string() }),
    handle: async (context, { wildcard }) => {
      const { name } = liveEntry(context, wildcard)
      context.registry.remove(name, 'ended by an operator')
      return { removed: name }
    },
  },
  {
    method: 'GET',
    path: '/recordings',
    summary: 'All recordings, newest first; `?stream=` for those of one stream',
    access: 'anyone',
    answer: RECORDINGS,
    handle: async ({ catalog, config }, { query }) => {
      const found = await catalog.recordings(query.stream === undefined ? {} : { stream: query.stream })
      return { recordings: found.map((each) => recordingView(config, each)) }
    },
  },
  {
    method: 'GET',
    path: '/recordings/*',
    summary: 'One recording',
    access: 'anyone',
    answer: RECORDING,
    handle: async ({ catalog, config }, { wildcard }) => {
      const found = (await catalog.recordings()).find(({ id }) => id === wildcard)
      if (!found) throw new AccessDeniedError(`no recording "${wildcard}"`, 'not-found')
      return recordingView(config, found)
    },
  },
  ...ASSET_ROUTES,
  EVENT_ROUTE,
]

function liveEntry({ registry }: ApiContext, name: string): LiveEntry {
  const entry = streamNameProblem(name) ? undefined : registry.stream(name)
  if (!entry) throw new AccessDeniedError(`no stream "${name.slice(0, 255)}" is live`, 'not-found')
  return entry
}

function streamView(context: ApiContext, { name, session, lastSession, startedMs }: LiveEntry): z.input<typeof STREAM> {
  const { stats, config } = context
  const isRendition = lastSession.protocol === TRANSCODE_PROTOCOL
  const report = stats.stream(name)
  const byProtocol = stats.viewers(name)
  const tracks = report?.tracks ?? []
  return {
    name,
    state: session ? 'live' : 'waiting',
    startedAt: new Date(startedMs).toISOString(),
    ...(session
      ? { publisher: { protocol: session.protocol, remoteAddress: session.remoteAddress, agent: session.agent } }
      : {}),
    tracks: [...tracks],
    bitsPerSecond: tracks.reduce((sum, track) => sum + track.bitsPerSecond, 0),
    viewers: { total: Object.values(byProtocol).reduce((sum, count) => sum + count, 0), byProtocol },
    receivedBytes: report?.receivedBytes ?? 0,
    recording: isRecorded(config, name, isRendition),
    renditions: isRendition ? [] : renditionViews(context, name, tracks),
    ...watchView(context, name),
    ...(isRendition ? { renditionOf: name.slice(0, name.lastIndexOf('/')) } : {}),
  }
}

function watchView({ stats }: ApiContext, name: string): Pick<z.input<typeof STREAM>, 'watch'> {
  const { watched, momentaryLufs, integratedLufs } = stats.ladder(name) ?? {}
  if (!watched) return {}
  const lasting = watched.map(({ what, sinceMs }) => ({ what, since: new Date(sinceMs).toISOString() }))
  return { watch: { ...(momentaryLufs === undefined ? {} : { momentaryLufs, integratedLufs }), lasting } }
}

/** By what the load governor has taken. */
const SHED_STATES: Readonly<Record<number, z.input<typeof RENDITION>['state']>> = {
  0: 'running',
  1: 'half rate',
  2: 'shed',
}

function renditionViews(
  { stats, config }: ApiContext,
  source: string,
  tracks: Parameters<typeof plannedRungs>[2],
): z.input<typeof RENDITION>[] {
  const running = new Map(stats.ladder(source)?.rungs.map((rung) => [rung.name, rung]))
  const stateOf = (rung: string) => {
    const { level, isFailed = false } = running.get(rung) ?? {}
    return isFailed ? 'failed' : (SHED_STATES[level ?? -1] ?? 'on demand')
  }
  return plannedRungs(config, source, tracks).map(({ rung, name, video, audio, bitsPerSecond }) => ({
    name,
    profile: rung,
    state: stateOf(rung),
    ...(running.get(rung)?.reason === undefined ? {} : { reason: running.get(rung)?.reason }),
    codecs: [...(video ? [video.codecString] : []), ...(audio ? [audio.codecString] : [])],
    ...(video ? { widthPx: video.widthPx, heightPx: video.heightPx } : {}),
    bitsPerSecond,
  }))
}

function recordingView(config: Config, recording: RecordingSummary): z.input<typeof RECORDING> {
  const { id, stream, startedMs, endedMs, durationSeconds, byteLength, tracks } = recording
  const rung = renditionParts(config, stream)
  return {
    id,
    stream,
    startedAt: new Date(startedMs).toISOString(),
    ...(endedMs === undefined ? {} : { endedAt: new Date(endedMs).toISOString() }),
    durationSeconds,
    byteLength,
    isOpen: endedMs === undefined,
    ...(rung ? { renditionOf: rung.source } : {}),
    tracks: [...tracks],
    hlsUrl: `/vod/${id}/index.m3u8`,
    mp4Url: `/vod/${id}.mp4`,
  }
}
