import {
  adtsConfig,
  rawDataBlocks,
  readAdtsHeader,
  writeAudioSpecificConfig,
} from '../../../../media/codecs/aac/index.ts'
import { toCanonicalTemporalUnit } from '../../../../media/codecs/av1/index.ts'
import { buildAvcDecoderConfiguration, H264_NAL, h264NalType } from '../../../../media/codecs/h264/index.ts'
import { buildHevcDecoderConfiguration } from '../../../../media/codecs/h265/index.ts'
import { audioTrack, describeFirstFrame, videoTrack } from '../../../../media/codecs/index.ts'
import { annexBToLengthPrefixed, splitAnnexB, toCanonicalLengths } from '../../../../media/codecs/nal/index.ts'
import type { AudioCodecId, Track, VideoCodecId } from '../../../../media/model/index.ts'
import type { Av } from '../av.ts'

/** What FFmpeg's demuxer says of a stream. */
export type StreamFacts = {
  readonly extradata: Uint8Array
  readonly widthPx: number
  readonly heightPx: number
  readonly sampleRateHz: number
  readonly channelCount: number
  /** As the file has it; ISO 639-2 in most containers. */
  readonly language: string | undefined
}
/** A packet's bytes in canonical form; the configuration record may come from the first packet only. */
type Canonical = {
  config(facts: StreamFacts, first: Uint8Array): Uint8Array
  frame(data: Uint8Array, facts: StreamFacts): Uint8Array
}

const asIs = (data: Uint8Array): Uint8Array => data
/** MP4 and Matroska have the record, MPEG-TS start codes. */
const hasRecord = ({ extradata }: StreamFacts) => extradata[0] === 1

const nalFrame =
  (lengthAt: number) =>
  (data: Uint8Array, facts: StreamFacts): Uint8Array => {
    if (!hasRecord(facts)) return annexBToLengthPrefixed(data)
    return toCanonicalLengths(data, ((facts.extradata[lengthAt] ?? 3) & 3) + 1)
  }
/** The record with lengths of four bytes, as frames have them. */
const nalRecord =
  (lengthAt: number, build: (units: readonly Uint8Array[]) => Uint8Array) =>
  (facts: StreamFacts, first: Uint8Array) => {
    if (!hasRecord(facts)) return build(splitAnnexB(facts.extradata.length > 0 ? facts.extradata : first))
    const record = Uint8Array.from(facts.extradata)
    record[lengthAt] = (record[lengthAt] ?? 0) | 3
    return record
  }

const VIDEO = {
  h264: {
    config: nalRecord(4, (units) => {
      const ofType = (type: number) => units.filter((unit) => h264NalType(unit) === type)
      return buildAvcDecoderConfiguration(ofType(H264_NAL.sps), ofType(H264_NAL.pps))
    }),
    frame: nalFrame(4),
  },
  h265: { config: nalRecord(21, buildHevcDecoderConfiguration), frame: nalFrame(21) },
  av1: {
    config: (_, first) => describeFirstFrame('av1', first).config,
    frame: (data) => toCanonicalTemporalUnit(data),
  },
  vp8: { config: (_, first) => describeFirstFrame('vp8', first).config, frame: asIs },
  vp9: { config: (_, first) => describeFirstFrame('vp9', first).config, frame: asIs },
} satisfies Record<VideoCodecId, Canonical>

const noRecord: Canonical = { config: () => new Uint8Array(0), frame: asIs }
const AUDIO = {
  aac: {
    config: ({ extradata }, first) => {
      if (extradata.length > 0) return extradata
      const header = readAdtsHeader(first)
      return writeAudioSpecificConfig(adtsConfig(header, rawDataBlocks(first, header)[0] ?? new Uint8Array(0)))
    },
    // MPEG-TS keeps its ADTS headers.
    frame: (data, { extradata }) =>
      extradata.length > 0 ? data : (rawDataBlocks(data, readAdtsHeader(data))[0] ?? new Uint8Array(0)),
  },
  opus: { config: ({ extradata }) => extradata, frame: asIs },
  mp3: noRecord,
  ac3: noRecord,
  eac3: noRecord,
  flac: {
    // FFmpeg has STREAMINFO alone; a last metadata block of 34 bytes. RFC 9639, 8.1.
    config: ({ extradata }) => Uint8Array.from([0x80, 0, 0, 34, ...extradata.subarray(0, 34)]),
    frame: asIs,
  },
  pcma: noRecord,
  pcmu: noRecord,
} satisfies Record<AudioCodecId, Canonical>

const CODEC_IDS = (av: Av): ReadonlyMap<number, VideoCodecId | AudioCodecId> =>
  new Map<number, VideoCodecId | AudioCodecId>([
    [av.AV_CODEC_ID_H264, 'h264'],
    [av.AV_CODEC_ID_HEVC, 'h265'],
    [av.AV_CODEC_ID_AV1, 'av1'],
    [av.AV_CODEC_ID_VP8, 'vp8'],
    [av.AV_CODEC_ID_VP9, 'vp9'],
    [av.AV_CODEC_ID_AAC, 'aac'],
    [av.AV_CODEC_ID_OPUS, 'opus'],
    [av.AV_CODEC_ID_MP3, 'mp3'],
    [av.AV_CODEC_ID_AC3, 'ac3'],
    [av.AV_CODEC_ID_EAC3, 'eac3'],
    [av.AV_CODEC_ID_FLAC, 'flac'],
    [av.AV_CODEC_ID_PCM_ALAW, 'pcma'],
    [av.AV_CODEC_ID_PCM_MULAW, 'pcmu'],
  ])

export function codecOf(av: Av, codecId: number): VideoCodecId | AudioCodecId | undefined {
  return CODEC_IDS(av).get(codecId)
}

/** Turns the packets of one stream of a file into frames in canonical form. */
export class AssetStream {
  readonly #codec: VideoCodecId | AudioCodecId
  readonly #id: number
  readonly #facts: StreamFacts
  readonly #canonical: Canonical

  constructor(codec: VideoCodecId | AudioCodecId, id: number, facts: StreamFacts) {
    this.#codec = codec
    this.#id = id
    this.#facts = facts
    this.#canonical = { ...VIDEO, ...AUDIO }[codec]
  }

  /** Throws MalformedInputError or UnsupportedInputError. `first`: bytes of its first packet, as the file has them. */
  track(first: Uint8Array): Track {
    const codec = this.#codec
    const isRaw = codec === 'h264' || codec === 'h265' || codec === 'aac'
    const config = this.#canonical.config(this.#facts, isRaw ? first : this.frame(first))
    if (isVideo(codec)) return videoTrack(this.#id, codec, config, this.#facts)
    const track = audioTrack(this.#id, codec, config, this.#facts)
    const language = languageTag(this.#facts.language)
    return language === undefined ? track : { ...track, language }
  }
  frame(data: Uint8Array): Uint8Array {
    return this.#canonical.frame(data, this.#facts)
  }
}

/** BCP 47; undefined where there is none, or it is no language. */
export function languageTag(language: string | undefined): string | undefined {
  try {
    const [tag] = language ? Intl.getCanonicalLocales(language) : []
    return tag === 'und' ? undefined : tag
  } catch {
    return undefined
  }
}

function isVideo(codec: VideoCodecId | AudioCodecId): codec is VideoCodecId {
  return Object.hasOwn(VIDEO, codec)
}
