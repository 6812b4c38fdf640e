import { UnsupportedInputError } from '../../../media/errors.ts'
import { type AudioCodecId, type AudioTrack, VIDEO_CLOCK_HZ, type VideoCodecId } from '../../../media/model/index.ts'
import type { Av } from './av.ts'

type DecoderId = Parameters<Av['Codec']['findDecoder']>[0]
type Decoder = {
  readonly idOf: (av: Av) => DecoderId
  /** What FFmpeg wants of the canonical configuration record; absent: nothing. */
  readonly extradata?: (config: Uint8Array) => Uint8Array
}
export type NativeContext = InstanceType<Av['CodecContext']>

const whole = (config: Uint8Array): Uint8Array => config
/** STREAMINFO without its block header. RFC 9639, 8.1 and 8.2. */
const streamInfo = (config: Uint8Array): Uint8Array => config.subarray(4, 38)

/** FFmpeg takes the canonical forms as they are; it has no use for the record of VP8 and VP9. */
const VIDEO_DECODERS = {
  h264: { idOf: (av) => av.AV_CODEC_ID_H264, extradata: whole },
  h265: { idOf: (av) => av.AV_CODEC_ID_HEVC, extradata: whole },
  av1: { idOf: (av) => av.AV_CODEC_ID_AV1, extradata: whole },
  vp8: { idOf: (av) => av.AV_CODEC_ID_VP8 },
  vp9: { idOf: (av) => av.AV_CODEC_ID_VP9 },
} satisfies Record<VideoCodecId, Decoder>

const AUDIO_DECODERS = {
  aac: { idOf: (av) => av.AV_CODEC_ID_AAC, extradata: whole },
  opus: { idOf: (av) => av.AV_CODEC_ID_OPUS, extradata: whole },
  mp3: { idOf: (av) => av.AV_CODEC_ID_MP3 },
  ac3: { idOf: (av) => av.AV_CODEC_ID_AC3 },
  eac3: { idOf: (av) => av.AV_CODEC_ID_EAC3 },
  flac: { idOf: (av) => av.AV_CODEC_ID_FLAC, extradata: streamInfo },
  pcma: { idOf: (av) => av.AV_CODEC_ID_PCM_ALAW },
  pcmu: { idOf: (av) => av.AV_CODEC_ID_PCM_MULAW },
} satisfies Record<AudioCodecId, Decoder>

/** 8K and a little more; the decoder refuses larger pictures before it takes memory for them. */
const MAX_PIXELS = 8192 * 4608

/** The caller frees it. Throws UnsupportedInputError where the configuration does not open. */
export function openVideoDecoder(
  av: Av,
  source: { readonly codec: VideoCodecId; readonly config: Uint8Array },
  prepare: (context: NativeContext) => void = () => {},
): NativeContext {
  return openDecoder(av, source, VIDEO_DECODERS[source.codec], (context) => {
    context.pktTimebase = new av.Rational(1, VIDEO_CLOCK_HZ)
    context.setOption('max_pixels', String(MAX_PIXELS))
    prepare(context)
  })
}

/** As `openVideoDecoder`. */
export function openAudioDecoder(av: Av, track: AudioTrack): NativeContext {
  return openDecoder(av, track, AUDIO_DECODERS[track.codec], (context) => {
    context.pktTimebase = new av.Rational(1, track.clockRateHz)
    context.sampleRate = track.sampleRateHz
    context.channels = track.channelCount
  })
}

function openDecoder(
  av: Av,
  source: { readonly codec: string; readonly config: Uint8Array },
  { idOf, extradata }: Decoder,
  prepare: (context: NativeContext) => void,
): NativeContext {
  const codec = av.Codec.findDecoder(idOf(av))
  if (!codec) throw new Error(`this build of FFmpeg does not decode ${source.codec}`)
  const context = new av.CodecContext()
  context.allocContext3(codec)
  if (extradata && source.config.length > 0) context.extraData = Buffer.from(extradata(source.config))
  context.threadCount = 1
  prepare(context)
  const result = context.open2Sync(codec, null)
  if (result >= 0) return context
  context.freeContext()
  throw new UnsupportedInputError(`${source.codec} configuration: ${av.FFmpegError.strerror(result)}`)
}
