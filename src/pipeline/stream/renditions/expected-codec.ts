import type { AudioCodecId, PictureShape, VideoCodecId } from '../../../media/model/index.ts'

/** Pictures of such a size, so many a second. */
type Demand = PictureShape & { readonly framesPerSecond: number }
type Level = readonly [level: number, samplesPerSecond: number, samples: number]

/** ITU-T H.264, table A-1, in luma samples instead of macroblocks. */
const H264_LEVELS: readonly Level[] = [
  [0x15, 5_068_800, 202_752],
  [0x1e, 10_368_000, 414_720],
  [0x1f, 27_648_000, 921_600],
  [0x20, 55_296_000, 1_310_720],
  [0x28, 62_914_560, 2_097_152],
  [0x2a, 133_693_440, 2_228_224],
  [0x33, 251_658_240, 9_437_184],
  [0x34, 530_841_600, 9_437_184],
]
/** ITU-T H.265, tables A.8 and A.9. */
const H265_LEVELS: readonly Level[] = [
  [60, 3_686_400, 122_880],
  [63, 7_372_800, 245_760],
  [90, 16_588_800, 552_960],
  [93, 33_177_600, 983_040],
  [120, 66_846_720, 2_228_224],
  [123, 133_693_440, 2_228_224],
  [150, 267_386_880, 8_912_896],
  [153, 534_773_760, 8_912_896],
]
/** VP9 Bitstream Overview, annex A. */
const VP9_LEVELS: readonly Level[] = [
  [10, 829_440, 36_864],
  [11, 2_764_800, 73_728],
  [20, 4_608_000, 122_880],
  [21, 9_216_000, 245_760],
  [30, 20_736_000, 552_960],
  [31, 36_864_000, 983_040],
  [40, 83_558_400, 2_228_224],
  [41, 160_432_128, 2_228_224],
  [50, 311_951_360, 8_912_896],
  [51, 588_251_136, 8_912_896],
]
/** AV1 specification, annex A.3: seq_level_idx. */
const AV1_LEVELS: readonly Level[] = [
  [0, 4_423_680, 147_456],
  [1, 8_363_520, 278_784],
  [4, 19_975_680, 665_856],
  [5, 31_950_720, 1_065_024],
  [8, 70_778_880, 2_359_296],
  [9, 141_557_760, 2_359_296],
  [12, 267_386_880, 8_912_896],
  [13, 534_773_760, 8_912_896],
]

function levelOf(levels: readonly Level[], { widthPx, heightPx, framesPerSecond }: Demand): number {
  const samples = 16 * Math.ceil(widthPx / 16) * 16 * Math.ceil(heightPx / 16)
  const fits = levels.find(([, perSecond, most]) => samples * framesPerSecond <= perSecond && samples <= most)
  return (fits ?? levels.at(-1))?.[0] ?? 0
}
function digits(value: number, radix: number): string {
  return value.toString(radix).padStart(2, '0')
}

const VIDEO = {
  /** High profile: whoever plays it plays what lesser profiles the encoder settles for. */
  h264: (demand) => `avc1.6400${digits(levelOf(H264_LEVELS, demand), 16)}`,
  h265: (demand) => `hvc1.1.6.L${levelOf(H265_LEVELS, demand)}.90`,
  vp8: () => 'vp8',
  vp9: (demand) => `vp09.00.${digits(levelOf(VP9_LEVELS, demand), 10)}.08`,
  av1: (demand) => `av01.0.${digits(levelOf(AV1_LEVELS, demand), 10)}M.08`,
} satisfies Record<VideoCodecId, (demand: Demand) => string>

const AUDIO: Readonly<Partial<Record<AudioCodecId, string>>> = { aac: 'mp4a.40.2', opus: 'opus', mp3: 'mp4a.6B' }

/** RFC 6381 codecs parameter of what an encoder will give: enough for a player to choose before it has started. */
export function expectedVideoCodec(codec: VideoCodecId, demand: Demand): string {
  return VIDEO[codec](demand)
}
export function expectedAudioCodec(codec: AudioCodecId): string {
  return AUDIO[codec] ?? codec
}
