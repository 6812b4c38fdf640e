import { checkMpd } from '../../src/media/formats/dash/testing/check-mpd.ts'
import { checkPlaylist } from '../../src/media/formats/hls/testing/check-playlist.ts'

/** What cannot be had in this time is not judged: a stream may be about to end. */
const PATIENCE_MS = 3000

type Stream = { readonly name: string; readonly viewers: { readonly byProtocol: Readonly<Record<string, number>> } }
type Recording = { readonly id: string; readonly stream: string; readonly isOpen: boolean }

/** The rules of HLS and DASH for every list that a server has at the moment, of streams and recordings. */
export async function checkLists(base: string): Promise<string[]> {
  const { streams = [] } = (await jsonAt<{ streams: readonly Stream[] }>(`${base}api/v1/streams`)) ?? {}
  const { recordings = [] } = (await jsonAt<{ recordings: readonly Recording[] }>(`${base}api/v1/recordings`)) ?? {}
  const recorded = recordings.filter(({ isOpen }) => isOpen).map(({ stream }) => stream)
  // Only what is packaged already: asking would start the others.
  const packaged = streams
    .filter(({ name, viewers }) => (viewers.byProtocol.hls ?? 0) > 0 || recorded.includes(name))
    .map(({ name }) => name)
  const ended = recordings.filter(({ isOpen }) => !isOpen).map(({ id }) => `vod/${id}`)
  const folders = [...packaged, ...ended]
  const problems = await Promise.all(folders.map((folder) => checkFolder(base, folder)))
  return problems.flat()
}

async function checkFolder(base: string, folder: string): Promise<string[]> {
  const problems: string[] = []
  const multivariant = await textAt(`${base}${folder}/index.m3u8`)
  if (multivariant === undefined) return problems
  const own = [...multivariant.matchAll(/^(?!#)(.+\.m3u8)$|URI="([^"]+\.m3u8)"/gm)].map(([, line, uri]) => line ?? uri)
  // Renditions have a folder of their own; asking for them starts them.
  for (const file of ['index.m3u8', ...own.filter((uri) => uri && !uri.includes('/'))]) {
    const text = file === 'index.m3u8' ? multivariant : await textAt(`${base}${folder}/${file}`)
    problems.push(...checkPlaylist(text ?? multivariant).map((problem) => `${folder}/${file}: ${problem}`))
  }
  for (const file of ['manifest.mpd', 'manifest.mpd?template=number']) {
    const text = await textAt(`${base}${folder}/${file}`)
    if (text !== undefined) problems.push(...checkMpd(text).map((problem) => `${folder}/${file}: ${problem}`))
  }
  return problems
}

async function textAt(url: string): Promise<string | undefined> {
  try {
    const response = await fetch(url, { signal: AbortSignal.timeout(PATIENCE_MS) })
    const text = await response.text()
    return response.ok ? text : undefined
  } catch {
    return undefined
  }
}
async function jsonAt<T>(url: string): Promise<T | undefined> {
  const text = await textAt(url)
  return text === undefined ? undefined : (JSON.parse(text) as T)
}
