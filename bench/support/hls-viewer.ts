import { setTimeout as delay } from 'node:timers/promises'
import { parseMediaPlaylist } from '../../src/media/formats/hls/index.ts'
import { Fmp4Demuxer } from '../../src/media/formats/mp4/index.ts'
import type { MediaSink } from '../../src/media/model/index.ts'
import { KeptConnection } from './kept-connection.ts'

/** Between two looks at the playlists: half of a segment of two seconds, as RFC 8216bis, 6.3.4 has it at least. */
export const RELOAD_MS = 1000
/** Of the benchmark's stream: video and audio. */
export const TRACKS = ['t1.m3u8', 't2.m3u8']

type Track = { readonly list: string; readonly demuxer: Fmp4Demuxer; init: string; last: string }

/** A viewer of plain HLS that reads what it gets: both tracks over one connection, as `hlsdrain` does. */
export function openHls(port: number, stream: string, sink: MediaSink): () => void {
  const connection = new KeptConnection(port)
  const get = (file: string) =>
    new Promise<Buffer>((resolve) => connection.get(`/${stream}/${file}`, (_, body) => resolve(body)))
  const tracks = TRACKS.map((list): Track => ({ list, demuxer: new Fmp4Demuxer(sink), init: '', last: '' }))
  let isOpen = true
  const watch = async () => {
    while (isOpen) {
      for (const track of tracks) await readNew(track, get)
      await delay(RELOAD_MS)
    }
  }
  void watch()
  return () => {
    isOpen = false
    connection.close()
  }
}

async function readNew(track: Track, get: (file: string) => Promise<Buffer>): Promise<void> {
  const { segments } = parseMediaPlaylist((await get(track.list)).toString())
  const known = segments.findIndex(({ uri }) => uri === track.last)
  for (const { uri, map } of known < 0 ? segments.slice(-1) : segments.slice(known + 1)) {
    if (map && map.uri !== track.init) track.demuxer.push(await get(map.uri))
    track.init = map?.uri ?? track.init
    track.demuxer.push(await get(uri))
    track.last = uri
  }
}
