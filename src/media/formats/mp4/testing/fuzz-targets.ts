import { type Frame, ticks } from '../../../model/index.ts'
import { readBoxes, readerOf } from '../box.ts'
import { Fmp4Demuxer } from '../demuxer.ts'
import { Fmp4Muxer } from '../muxer.ts'
import { readMoof } from '../read-fragment.ts'
import { readInitSegment } from '../read-movie.ts'
import { CollectingSink } from './collecting-sink.ts'
import { ALL_TRACKS, TRACK_OF } from './tracks.ts'

export type FuzzTarget = { name: string; seeds: Uint8Array[]; run(bytes: Uint8Array): void }

/** A small fragmented file: H.264 and Opus, five frames each. */
export function smallFile(): { readonly bytes: Uint8Array; readonly frames: readonly Frame[] } {
  const tracks = [TRACK_OF.h264, TRACK_OF.opus]
  const muxer = new Fmp4Muxer()
  muxer.setTracks(tracks)
  const parts = [muxer.preamble()]
  const frames: Frame[] = []
  for (let index = 0; index < 10; index++) {
    const track = tracks[index % 2] ?? TRACK_OF.h264
    const durationTicks = ticks(track.clockRateHz / 50)
    const dtsTicks = ticks(90_000 + (index >> 1) * durationTicks)
    const ptsTicks = ticks(track.kind === 'video' ? dtsTicks + 40 * index : dtsTicks)
    const data = Uint8Array.from({ length: 5 + index }, () => index)
    const frame = {
      trackId: track.id,
      ptsTicks,
      dtsTicks,
      durationTicks,
      isKey: track.kind === 'audio' || index === 0,
      data,
    }
    frames.push(frame)
    parts.push(...muxer.frame(frame).map((part) => part.slice()))
  }
  return { bytes: Buffer.concat(parts), frames }
}

const INITS = ALL_TRACKS.map((track) => {
  const muxer = new Fmp4Muxer()
  muxer.setTracks([track])
  return muxer.preamble()
})

/** Nothing but MillraceError may come out of these, whatever the bytes. */
export const FUZZ_TARGETS: FuzzTarget[] = [
  {
    name: 'mp4/demuxer',
    seeds: [smallFile().bytes],
    run(bytes) {
      const demuxer = new Fmp4Demuxer(new CollectingSink())
      demuxer.push(bytes.subarray(0, bytes.length >> 1))
      demuxer.push(bytes.subarray(bytes.length >> 1))
      demuxer.flush()
    },
  },
  {
    name: 'mp4/init segment',
    seeds: INITS,
    run(bytes) {
      readInitSegment(bytes)
    },
  },
  {
    name: 'mp4/movie fragments',
    seeds: [smallFile().bytes],
    run(bytes) {
      for (const { type, body } of readBoxes(readerOf(bytes))) if (type === 'moof') readMoof(body, new Map())
    },
  },
]
