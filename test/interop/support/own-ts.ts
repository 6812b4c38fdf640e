import { TsDemuxer } from '../../../src/media/formats/mpegts/index.ts'
import type { CodecId, Track } from '../../../src/media/model/index.ts'
import type { Reading, ReadTrack, Unit } from './av-messages.ts'
import { type CodecParameters, canonicalConfig, canonicalUnit, sha256 } from './canonical.ts'

const FFMPEG_NAMES: Partial<Record<CodecId, string>> = { h265: 'hevc', pcma: 'pcm_alaw', pcmu: 'pcm_mulaw' }

/** A transport stream read by the server's own demuxer: for AV1, which FFmpeg 8.1 does not know in MPEG-TS. */
export function readOwnTs(bytes: Uint8Array): Reading {
  const tracks = new Map<
    number,
    ReadTrack & { readonly units: Unit[]; readonly track: Track; readonly parameters: CodecParameters }
  >()
  const demuxer = new TsDemuxer({
    onTrack: (track) => {
      const parameters = parametersOf(track)
      const config = canonicalConfig(parameters)
      const { kind } = track
      if (!tracks.has(track.id))
        tracks.set(track.id, { kind, codec: parameters.codec, config, record: '', units: [], track, parameters })
    },
    onFrame: ({ trackId, ptsTicks, dtsTicks, isKey, data }) => {
      const entry = tracks.get(trackId)
      const hz = entry?.track.clockRateHz ?? 1
      const sha = entry ? sha256(canonicalUnit(entry.parameters, data)) : ''
      entry?.units.push({ pts: ptsTicks / hz, dts: dtsTicks / hz, isKey, sha256: sha, position: -1 })
    },
  })
  demuxer.push(bytes)
  demuxer.flush()
  return { tracks: [...tracks.values()].map(({ track: _, parameters: __, ...read }) => read) }
}

function parametersOf(track: Track): CodecParameters {
  const [sampleRateHz, channelCount] = track.kind === 'audio' ? [track.sampleRateHz, track.channelCount] : [0, 0]
  return { codec: FFMPEG_NAMES[track.codec] ?? track.codec, extradata: track.config, sampleRateHz, channelCount }
}
