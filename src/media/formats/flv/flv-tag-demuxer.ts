import type { AmfRecord } from '../../bytes/amf/index.ts'
import { ByteReader } from '../../bytes/index.ts'
import { LimitExceededError, UnsupportedInputError } from '../../errors.ts'
import type { MediaSink } from '../../model/index.ts'
import { type AudioPacket, AudioTrackReader } from './audio-track-reader.ts'
import { audioCodecOf, audioTrackId, CLASSIC_AUDIO, CLASSIC_VIDEO, videoCodecOf, videoTrackId } from './codec-ids.ts'
import type { DropCounters } from './drop-counters.ts'
import { type ExPacket, PACKET_TYPE, readExAudio, readExVideo } from './ex-packet.ts'
import { FLV_TAG_TYPE } from './flv-tag.ts'
import { readMetadata } from './metadata.ts'
import { av1RecordFromDescriptor } from './sequence-start.ts'
import { TagTimeline } from './tag-timeline.ts'
import { VideoTrackReader } from './video-track-reader.ts'

export type FlvTagDemuxerOptions = {
  /** Called with each onMetaData record, in arrival order. */
  readonly onMetadata?: (record: AmfRecord) => void
  /** Tracks in all, 16 where absent; one more is a LimitExceededError. */
  readonly maxTracks?: number
}

/** SoundFormat that announces an ExAudioTagHeader. */
const EX_AUDIO = 9
const AAC = 10
const NANOS_PER_MS = 1_000_000
const COMMAND_FRAME = 5

/**
 * Tag bodies of FLV files, which are also the bodies of RTMP media messages → canonical frames.
 * Track n of Enhanced RTMP has id 2n + 1 (video) and 2n + 2 (audio). Adobe FLV v10.1, E.4; Enhanced RTMP v2.
 */
export class FlvTagDemuxer {
  readonly counters: DropCounters = { droppedFrameCount: 0, ignoredPacketCount: 0 }
  readonly #sink: MediaSink
  readonly #options: FlvTagDemuxerOptions
  readonly #maxTracks: number
  readonly #timeline = new TagTimeline()
  readonly #video = new Map<number, VideoTrackReader>()
  readonly #audio = new Map<number, AudioTrackReader>()
  /** Of the tag in hand. */
  #timestampMs = 0
  #timeMs: number | undefined
  #isKey = false

  constructor(sink: MediaSink, options: FlvTagDemuxerOptions = {}) {
    this.#sink = sink
    this.#options = options
    this.#maxTracks = options.maxTracks ?? 16
  }

  /** One tag. `body` is read during the call only. `timestampMs` is the wire's 32-bit time. */
  onTag(type: number, timestampMs: number, body: Uint8Array): void {
    if (body.length === 0) return
    this.#timestampMs = timestampMs
    this.#timeMs = undefined
    if (type === FLV_TAG_TYPE.video) this.#videoTag(body)
    else if (type === FLV_TAG_TYPE.audio) this.#audioTag(body)
    else if (type === FLV_TAG_TYPE.script) this.#scriptTag(body)
    else this.counters.ignoredPacketCount++
  }

  #videoTag(body: Uint8Array): void {
    const first = body[0] ?? 0
    const frameType = (first >> 4) & 7
    this.#isKey = frameType === 1 || frameType === 4
    if ((first & 0x80) !== 0) readExVideo(body, this.#onExVideo)
    else if (frameType === COMMAND_FRAME) this.counters.ignoredPacketCount++
    else this.#classicVideo(first & 15, body)
  }

  /** E.4.3. */
  #classicVideo(codecId: number, body: Uint8Array): void {
    const codec = CLASSIC_VIDEO[codecId]
    if (codec === undefined) throw new UnsupportedInputError(`FLV video codec ${codecId} is not supported`)
    const reader = new ByteReader(body, 1)
    const packetType = reader.u8('AVCPacketType')
    const compositionMs = reader.remaining === 0 ? 0 : reader.i24('CompositionTime')
    const track = this.#videoReader(0)
    if (packetType === 0) track.sequenceStart(codec, reader.rest())
    else if (packetType === 1) {
      track.frame(codec, { dtsMs: this.#frameTimeMs(0), compositionMs, isKey: this.#isKey, data: reader.rest() })
    } else this.counters.ignoredPacketCount++
  }

  readonly #onExVideo = (packet: ExPacket): void => {
    const codec = videoCodecOf(packet.fourCc)
    if (codec === undefined)
      throw new UnsupportedInputError(`FLV video FourCC ${printable(packet.fourCc)} is not supported`)
    const track = this.#videoReader(packet.trackIndex)
    const { packetType, payload } = packet
    if (packetType === PACKET_TYPE.sequenceStart) track.sequenceStart(codec, payload)
    else if (packetType === PACKET_TYPE.mpeg2TsSequenceStart && codec === 'av1') {
      track.sequenceStart(codec, av1RecordFromDescriptor(payload))
    } else if (packetType === PACKET_TYPE.codedFrames || packetType === PACKET_TYPE.codedFramesX) {
      const reader = new ByteReader(payload)
      const hasComposition = packetType === PACKET_TYPE.codedFrames && (codec === 'h264' || codec === 'h265')
      const compositionMs = hasComposition ? reader.i24('compositionTimeOffset') : 0
      const dtsMs = this.#frameTimeMs(packet.nanoOffset)
      track.frame(codec, { dtsMs, compositionMs, isKey: this.#isKey, data: reader.rest() })
    } else this.counters.ignoredPacketCount++
  }

  #audioTag(body: Uint8Array): void {
    const first = body[0] ?? 0
    const soundFormat = first >> 4
    if (soundFormat === EX_AUDIO) readExAudio(body, this.#onExAudio)
    else this.#classicAudio(soundFormat, body)
  }

  /** E.4.2. */
  #classicAudio(soundFormat: number, body: Uint8Array): void {
    const codec = CLASSIC_AUDIO[soundFormat]
    if (codec === undefined) throw new UnsupportedInputError(`FLV audio codec ${soundFormat} is not supported`)
    const reader = new ByteReader(body)
    const channelCount = (reader.u8('AudioTagHeader') & 1) + 1
    const track = this.#audioReader(0)
    if (soundFormat === AAC && reader.u8('AACPacketType') === 0) track.sequenceStart(codec, reader.rest())
    else track.frame(codec, { ...this.#audioPacket(0, reader.rest()), channelCount })
  }

  readonly #onExAudio = (packet: ExPacket): void => {
    const codec = audioCodecOf(packet.fourCc)
    if (codec === undefined)
      throw new UnsupportedInputError(`FLV audio FourCC ${printable(packet.fourCc)} is not supported`)
    const track = this.#audioReader(packet.trackIndex)
    if (packet.packetType === PACKET_TYPE.sequenceStart) track.sequenceStart(codec, packet.payload)
    else if (packet.packetType === PACKET_TYPE.codedFrames) {
      track.frame(codec, this.#audioPacket(packet.nanoOffset, packet.payload))
    } else this.counters.ignoredPacketCount++
  }

  #audioPacket(nanoOffset: number, data: Uint8Array): AudioPacket {
    return { timeMs: this.#frameTimeMs(nanoOffset), data }
  }

  #scriptTag(body: Uint8Array): void {
    const record = readMetadata(body)
    if (record !== undefined) this.#options.onMetadata?.(record)
  }

  /** All tracks of one tag share its time. */
  #frameTimeMs(nanoOffset: number): number {
    this.#timeMs ??= this.#timeline.next(this.#timestampMs)
    return this.#timeMs + nanoOffset / NANOS_PER_MS
  }

  #videoReader(index: number): VideoTrackReader {
    const known = this.#video.get(index)
    if (known !== undefined) return known
    this.#countTrack()
    const reader = new VideoTrackReader(videoTrackId(index), this.#sink, this.counters)
    this.#video.set(index, reader)
    return reader
  }
  #audioReader(index: number): AudioTrackReader {
    const known = this.#audio.get(index)
    if (known !== undefined) return known
    this.#countTrack()
    const reader = new AudioTrackReader(audioTrackId(index), this.#sink, this.counters)
    this.#audio.set(index, reader)
    return reader
  }
  #countTrack(): void {
    if (this.#video.size + this.#audio.size >= this.#maxTracks) {
      throw new LimitExceededError(`FLV stream has more than ${this.#maxTracks} tracks`)
    }
  }
}

/** FourCC for a message: what is not printable ASCII becomes a dot. */
function printable(fourCc: string): string {
  return JSON.stringify(fourCc.replace(/[^ -~]/g, '.'))
}
