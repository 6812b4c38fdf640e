import type { TestServer } from '../../support/server.ts'
import { viewHls } from './hls-viewer.ts'
import { until } from './polling.ts'
import { type Received, type Viewer, viewHttp, viewRtmp, viewWebSocket } from './viewers.ts'

type OpenViewer = (server: TestServer, stream: string) => Viewer

/** Outputs that are watched while the stream lives. */
const LIVE = {
  RTMP: viewRtmp,
  'http .flv': (server, stream) => viewHttp(server.http(`${stream}.flv`), 'flv'),
  'ws .flv': (server, stream) => viewWebSocket(server.ws(`${stream}.flv`), 'flv'),
  'http .ts': (server, stream) => viewHttp(server.http(`${stream}.ts`), 'ts'),
  'ws .ts': (server, stream) => viewWebSocket(server.ws(`${stream}.ts`), 'ts'),
  'http .mp4': (server, stream) => viewHttp(server.http(`${stream}.mp4`), 'mp4'),
  'ws .mp4': (server, stream) => viewWebSocket(server.ws(`${stream}.mp4`), 'mp4'),
  HLS: (server, stream) => viewHls(server.http(`${stream}/index.m3u8`)),
} satisfies Record<string, OpenViewer>

/** Outputs of what was kept. */
const KEPT = {
  'recorded HLS': (server, id) => viewHls(server.http(`vod/${id}/index.m3u8`)),
  'vod .mp4': (server, id) => viewHttp(server.http(`vod/${id}.mp4`), 'mp4'),
} satisfies Record<string, OpenViewer>

export type WayOut = keyof typeof LIVE | keyof typeof KEPT
export const WAYS_OUT = [...Object.keys(LIVE), ...Object.keys(KEPT)] as readonly WayOut[]

export type OpenViews = { readonly joined: Promise<unknown>; readonly received: Promise<Map<WayOut, Received>> }

/** One viewer on every live output. */
export function viewAll(server: TestServer, stream: string): OpenViews {
  const viewers = Object.entries(LIVE).map(([way, open]) => [way as WayOut, open(server, stream)] as const)
  const waiting = new Set(viewers.map(([way]) => way))
  for (const [way, viewer] of viewers) {
    viewer.joined.then(
      () => waiting.delete(way),
      () => {},
    )
  }
  const received = Promise.all(viewers.map(async ([way, viewer]) => [way, await viewer.received] as const)).then(
    (entries) => new Map(entries),
  )
  received.catch(() => {})
  const joined = until(
    () => `the first bytes of ${[...waiting]} of ${stream}`,
    () => (waiting.size === 0 ? true : undefined),
  )
  return { joined, received }
}

type Recordings = { readonly recordings: readonly { readonly id: string; readonly isOpen: boolean }[] }

/** The closed recording of a stream that has ended, by both ways. */
export async function viewRecording(server: TestServer, stream: string): Promise<Map<WayOut, Received>> {
  const id = await until(`the recording of ${stream}`, async () => {
    const { recordings } = await server.json<Recordings>(`api/v1/recordings?stream=${encodeURIComponent(stream)}`)
    return recordings.find(({ isOpen }) => !isOpen)?.id
  })
  const entries = Object.entries(KEPT).map(
    async ([way, open]) => [way as WayOut, await open(server, id).received] as const,
  )
  return new Map(await Promise.all(entries))
}
