import { until } from './polling.ts'
import type { Received, Viewer } from './viewers.ts'

/** Fetches a whole HLS presentation, live or recorded: each track's initialization and segments as one file. */
export function viewHls(indexUrl: string): Viewer {
  const received = fetchPresentation(indexUrl)
  received.catch(() => {})
  return { joined: Promise.resolve(), received }
}

async function fetchPresentation(indexUrl: string): Promise<Received> {
  const text = await until(`the playlist ${indexUrl}`, async () => {
    const response = await fetch(indexUrl)
    return response.ok ? response.text() : undefined
  })
  const bytes = await Promise.all(mediaPlaylists(text).map((uri) => fetchTrack(new URL(uri, indexUrl))))
  return { code: 200, text: '', files: bytes.map((each) => ({ bytes: each, extension: 'mp4' })) }
}

function mediaPlaylists(text: string): string[] {
  const renditions = [...text.matchAll(/^#EXT-X-MEDIA:.*URI="([^"]+)"/gm)].map(([, uri]) => uri ?? '')
  const variants = text.split('\n').filter((line) => line !== '' && !line.startsWith('#'))
  return [...new Set([...variants, ...renditions])]
}

async function fetchTrack(url: URL): Promise<Buffer> {
  let last = ''
  const text = await until(
    () => `the end of ${url.pathname}, which is ${last}`,
    async () => {
      const response = await fetch(url)
      const playlist = await response.text()
      last = `${response.status} ${playlist}`
      return playlist.includes('#EXT-X-ENDLIST') ? playlist : undefined
    },
  )
  const parts: Buffer[] = []
  let map = ''
  for (const line of text.split('\n')) {
    const uri = /^#EXT-X-MAP:URI="([^"]+)"/.exec(line)?.[1]
    if (uri !== undefined && uri !== map) parts.push(await fetchBytes(new URL(uri, url)))
    map = uri ?? map
    if (line !== '' && !line.startsWith('#')) parts.push(await fetchBytes(new URL(line, url)))
  }
  return Buffer.concat(parts)
}

async function fetchBytes(url: URL): Promise<Buffer> {
  const response = await fetch(url)
  if (!response.ok) throw new Error(`${url.pathname}: ${response.status}`)
  return Buffer.from(await response.arrayBuffer())
}
