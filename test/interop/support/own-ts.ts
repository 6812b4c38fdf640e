import { TsDemuxer } from '../../../src/media/formats/mpegts/index.ts'
import type { CodecId, Track } from '../../../src/media/model/index.ts'
import type { Reading } from './av-messages.ts'
import type { CodecParameters } from './canonical.ts'
import { ReadingBuilder } from './reading.ts'

const FFMPEG_NAMES: Partial<Record<CodecId, string>> = { h265: 'hevc', pcma: 'pcm_alaw', pcmu: 'pcm_mulaw' }

/** A transport stream read by the server's own demuxer: for AV1, which FFmpeg 8.1 does not know in MPEG-TS. */
export function readOwnTs(bytes: Uint8Array): Reading {
  const reading = new ReadingBuilder()
  const clocks = new Map<number, number>()
  const demuxer = new TsDemuxer({
    onTrack: (track) => {
      clocks.set(track.id, track.clockRateHz)
      reading.addTrack(track.id, track.kind, parametersOf(track))
    },
    onFrame: ({ trackId, ptsTicks, dtsTicks, isKey, data }) => {
      const hz = clocks.get(trackId) ?? 1
      reading.addUnit(trackId, { pts: ptsTicks / hz, dts: dtsTicks / hz, isKey, position: -1 }, data)
    },
  })
  demuxer.push(bytes)
  demuxer.flush()
  return reading.result()
}

function parametersOf(track: Track): CodecParameters {
  const [sampleRateHz, channelCount] = track.kind === 'audio' ? [track.sampleRateHz, track.channelCount] : [0, 0]
  return { codec: FFMPEG_NAMES[track.codec] ?? track.codec, extradata: track.config, sampleRateHz, channelCount }
}
