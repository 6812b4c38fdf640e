import { decodeUtf8, encodeUtf8 } from '../../../bytes/index.ts'
import { formatMediaPlaylist } from '../format-media-playlist.ts'
import { parseMediaPlaylist } from '../parse-media-playlist.ts'
import { PLAYLIST_CASES } from './playlist-cases.ts'

export type FuzzTarget = { name: string; seeds: Uint8Array[]; run(bytes: Uint8Array): void }

/** Nothing but MillraceError may come out of these, whatever the bytes. */
export const FUZZ_TARGETS: FuzzTarget[] = [
  {
    name: 'hls/media playlist',
    seeds: PLAYLIST_CASES.map(({ text }) => encodeUtf8(text)),
    run(bytes) {
      formatMediaPlaylist(parseMediaPlaylist(decodeUtf8(bytes)))
    },
  },
]
