import { Agent, request } from 'node:http'
import { until } from './polling.ts'
import type { Received, Viewer } from './viewers.ts'

/** Fetches a whole HLS presentation, live or recorded: each track's initialization and segments as one file. */
export function viewHls(indexUrl: string): Viewer {
  const agent = new Agent({ keepAlive: true, maxSockets: 1 })
  const received = fetchPresentation(agent, indexUrl).finally(() => agent.destroy())
  received.catch(() => {})
  return { joined: Promise.resolve(), received }
}

type Answer = { readonly status: number; readonly bytes: Buffer }

/** All over one connection, so that one worker answers. */
function get(agent: Agent, url: string | URL): Promise<Answer> {
  return new Promise((resolve, reject) => {
    const asked = request(url, { agent }, async (response) => {
      const bytes = Buffer.concat(await response.toArray())
      resolve({ status: response.statusCode ?? 0, bytes })
    })
    asked.on('error', reject).end()
  })
}

async function fetchPresentation(agent: Agent, indexUrl: string): Promise<Received> {
  const text = await until(`the playlist ${indexUrl}`, async () => {
    const { status, bytes } = await get(agent, indexUrl)
    return status === 200 ? String(bytes) : undefined
  })
  const tracks = mediaPlaylists(text).map((uri) => fetchTrack(agent, new URL(uri, indexUrl)))
  const bytes = await Promise.all(tracks)
  return { code: 200, text: '', files: bytes.map((each) => ({ bytes: each, extension: 'mp4' })) }
}

function mediaPlaylists(text: string): string[] {
  const renditions = [...text.matchAll(/^#EXT-X-MEDIA:.*URI="([^"]+)"/gm)].map(([, uri]) => uri ?? '')
  const variants = text.split('\n').filter((line) => line !== '' && !line.startsWith('#'))
  return [...new Set([...variants, ...renditions])]
}

async function fetchTrack(agent: Agent, url: URL): Promise<Buffer> {
  let last = ''
  const text = await until(
    () => `the end of ${url.pathname}, which is ${last}`,
    async () => {
      const { status, bytes } = await get(agent, url)
      const playlist = String(bytes)
      last = `${status} ${playlist}`
      return playlist.includes('#EXT-X-ENDLIST') ? playlist : undefined
    },
  )
  const parts: Buffer[] = []
  let map = ''
  for (const line of text.split('\n')) {
    const uri = /^#EXT-X-MAP:URI="([^"]+)"/.exec(line)?.[1]
    if (uri !== undefined && uri !== map) parts.push(await fetchBytes(agent, new URL(uri, url)))
    map = uri ?? map
    if (line !== '' && !line.startsWith('#')) parts.push(await fetchBytes(agent, new URL(line, url)))
  }
  return Buffer.concat(parts)
}

async function fetchBytes(agent: Agent, url: URL): Promise<Buffer> {
  const { status, bytes } = await get(agent, url)
  if (status !== 200) throw new Error(`${url.pathname}: ${status}`)
  return bytes
}
