import type { VideoCodecId } from '../../../../media/model/index.ts'
import type { HardwareEncoder, VideoOrder } from '../../channel/job-messages.ts'
import type { Av } from '../av.ts'
import { VaapiSurfaces } from './vaapi-surfaces.ts'
import { VIDEO_ENCODERS, type VideoEncoderKind } from './video-encoders.ts'

type Hardware = {
  readonly names: Readonly<Partial<Record<VideoCodecId, string>>>
  /** Of the pictures that it takes from system memory. */
  readonly pixelFormat: 'yuv420p' | 'nv12'
  readonly preset: string
  readonly options: Readonly<Record<string, string>>
  /** It takes pictures from memory of its own. */
  readonly surfaces?: 'vaapi'
}

/** Encoders that take pictures from system memory where nothing else is said, low latency, keyframes where they are asked for. */
const HARDWARE = {
  nvenc: {
    names: { h264: 'h264_nvenc', h265: 'hevc_nvenc', av1: 'av1_nvenc' },
    pixelFormat: 'yuv420p',
    preset: 'p4',
    options: { tune: 'll', rc: 'vbr', 'forced-idr': '1', 'no-scenecut': '1', zerolatency: '1' },
  },
  qsv: {
    names: { h264: 'h264_qsv', h265: 'hevc_qsv', av1: 'av1_qsv' },
    pixelFormat: 'nv12',
    preset: 'veryfast',
    options: { forced_idr: '1', async_depth: '1' },
  },
  vaapi: {
    names: { h264: 'h264_vaapi', h265: 'hevc_vaapi', vp8: 'vp8_vaapi', vp9: 'vp9_vaapi', av1: 'av1_vaapi' },
    pixelFormat: 'nv12',
    preset: '',
    options: { async_depth: '1' },
    surfaces: 'vaapi',
  },
  videotoolbox: {
    names: { h264: 'h264_videotoolbox', h265: 'hevc_videotoolbox' },
    pixelFormat: 'yuv420p',
    preset: '',
    options: { realtime: '1' },
  },
} satisfies Record<HardwareEncoder, Hardware>

export type EncoderChoice = {
  readonly kind: VideoEncoderKind
  readonly pixelFormat: 'yuv420p' | 'nv12'
  readonly surfaces?: 'vaapi'
  /** Why it is not the one that was asked for. */
  readonly notice?: string
}

/** The encoder that the order asks for, where it opens on this machine; else the software. */
export function chooseEncoder(
  av: Av,
  { codec, encoder = 'software' }: VideoOrder & { codec: VideoCodecId },
): EncoderChoice {
  const software = { kind: VIDEO_ENCODERS[codec], pixelFormat: 'yuv420p' } as const
  if (encoder === 'software') return software
  const hardware: Hardware = HARDWARE[encoder]
  const name = hardware.names[codec]
  const problem = name === undefined ? `it does not encode ${codec}` : probe(av, name, hardware)
  if (name === undefined || problem !== undefined) {
    return { ...software, notice: `${encoder}: ${problem}; ${software.kind.name} encodes instead` }
  }
  // What has no preset by itself knows none.
  const options: VideoEncoderKind['options'] = (_, preset) =>
    hardware.preset === '' ? hardware.options : { ...hardware.options, preset }
  const kind = { ...software.kind, name, preset: hardware.preset, options, peak: 1.25 }
  const { pixelFormat, surfaces } = hardware
  return { kind, pixelFormat, ...(surfaces ? { surfaces } : {}) }
}

const PROBE = { widthPx: 640, heightPx: 360 } as const
const probed = new Map<string, string | undefined>()

/** Why an encoder does not open; asked of the machine once. */
function probe(av: Av, name: string, hardware: Hardware): string | undefined {
  if (!probed.has(name)) probed.set(name, tryToOpen(av, name, hardware))
  return probed.get(name)
}
function tryToOpen(av: Av, name: string, { pixelFormat, options, surfaces }: Hardware): string | undefined {
  const codec = av.Codec.findEncoderByName(name as Parameters<typeof av.Codec.findEncoderByName>[0])
  if (!codec) return `this build of FFmpeg has no ${name}`
  try {
    using context = new av.CodecContext()
    using memory = surfaces && new VaapiSurfaces(av, PROBE)
    context.allocContext3(codec)
    context.width = PROBE.widthPx
    context.height = PROBE.heightPx
    context.pixelFormat = nativeFormat(av, pixelFormat)
    context.timeBase = new av.Rational(1, 25)
    context.bitRate = 1_000_000n
    memory?.prepare(context)
    for (const [key, value] of Object.entries(options)) context.setOption(key, value)
    const result = context.open2Sync(codec, null)
    return result < 0 ? `${name} does not open here: ${av.FFmpegError.strerror(result)}` : undefined
  } catch (error) {
    return `${name} does not open here: ${error instanceof Error ? error.message : error}`
  }
}

export function nativeFormat(
  av: Av,
  format: EncoderChoice['pixelFormat'],
): Av['AV_PIX_FMT_YUV420P'] | Av['AV_PIX_FMT_NV12'] {
  return format === 'nv12' ? av.AV_PIX_FMT_NV12 : av.AV_PIX_FMT_YUV420P
}
