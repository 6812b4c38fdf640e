import { ByteReader } from '../../bytes/index.ts'
import { UnsupportedInputError } from '../../errors.ts'

/** Packet types of both kinds. Enhanced RTMP v2, VideoPacketType and AudioPacketType. */
export const PACKET_TYPE = {
  sequenceStart: 0,
  codedFrames: 1,
  sequenceEnd: 2,
  codedFramesX: 3,
  /** Video: metadata. Audio: multichannel configuration. */
  metadata: 4,
  /** Video only; on audio 5 means multitrack. */
  mpeg2TsSequenceStart: 5,
  modEx: 7,
} as const
const VIDEO_MULTITRACK = 6
const AUDIO_MULTITRACK = 5
const MANY_TRACKS = 1
const MANY_TRACKS_MANY_CODECS = 2
const TIMESTAMP_OFFSET_NANO = 0
const COMMAND_FRAME = 5

/** One track's share of an enhanced tag. */
export type ExPacket = {
  readonly packetType: number
  readonly fourCc: string
  /** Enhanced RTMP trackId; 0 in packets without one. */
  readonly trackIndex: number
  /** To be added to the tag's time. */
  readonly nanoOffset: number
  /** View on the tag's body, from behind the FourCC and the track's fields. */
  readonly payload: Uint8Array
}
type Head = { packetType: number; nanoOffset: number; multitrackType: number | undefined; fourCc: string }

/** ExVideoTagHeader and the tracks behind it; a command frame holds no packets. Enhanced RTMP v2, "Enhanced Video". */
export function readExVideo(body: Uint8Array, onPacket: (packet: ExPacket) => void): void {
  const reader = new ByteReader(body)
  const first = reader.u8('ExVideoTagHeader')
  const head = readModEx(reader, first & 15)
  if (((first >> 4) & 7) === COMMAND_FRAME && head.packetType !== PACKET_TYPE.metadata) return
  readTracks(reader, head, VIDEO_MULTITRACK, onPacket)
}

/** ExAudioTagHeader and the tracks behind it. Enhanced RTMP v2, "Enhanced Audio". */
export function readExAudio(body: Uint8Array, onPacket: (packet: ExPacket) => void): void {
  const reader = new ByteReader(body)
  const head = readModEx(reader, reader.u8('ExAudioTagHeader') & 15)
  readTracks(reader, head, AUDIO_MULTITRACK, onPacket)
}

/** Any number of modifier packets stand in front of the packet that they modify; unknown ones are skipped. */
function readModEx(reader: ByteReader, firstType: number): Head {
  const head: Head = { packetType: firstType, nanoOffset: 0, multitrackType: undefined, fourCc: '' }
  while (head.packetType === PACKET_TYPE.modEx) {
    let bytes = reader.u8('modExDataSize') + 1
    if (bytes === 256) bytes = reader.u16('modExDataSize') + 1
    const data = reader.sub(bytes, 'modExData')
    const types = reader.u8('ModExType')
    if (types >> 4 === TIMESTAMP_OFFSET_NANO && bytes >= 3) head.nanoOffset = data.u24('timestampOffsetNano')
    head.packetType = types & 15
  }
  return head
}

function readTracks(
  reader: ByteReader,
  head: Head,
  multitrackPacketType: number,
  onPacket: (packet: ExPacket) => void,
): void {
  if (head.packetType !== multitrackPacketType) {
    const fourCc = readFourCc(reader)
    onPacket({ ...packetOf(head), fourCc, trackIndex: 0, payload: reader.rest() })
    return
  }
  const types = reader.u8('AvMultitrackType')
  const multitrackType = types >> 4
  if (multitrackType > MANY_TRACKS_MANY_CODECS) throw new UnsupportedInputError(`AvMultitrackType ${multitrackType}`)
  head.packetType = types & 15
  if (head.packetType === multitrackPacketType) reader.fail('packetType', 'multitrack inside multitrack')
  let fourCc = multitrackType === MANY_TRACKS_MANY_CODECS ? '' : readFourCc(reader)
  do {
    if (multitrackType === MANY_TRACKS_MANY_CODECS) fourCc = readFourCc(reader)
    const trackIndex = reader.u8('trackId')
    const bytes = multitrackType >= MANY_TRACKS ? reader.u24('sizeOfTrack') : reader.remaining
    onPacket({ ...packetOf(head), fourCc, trackIndex, payload: reader.take(bytes, 'track') })
  } while (reader.remaining > 0)
}

function packetOf(head: Head): { packetType: number; nanoOffset: number } {
  return { packetType: head.packetType, nanoOffset: head.nanoOffset }
}

function readFourCc(reader: ByteReader): string {
  return String.fromCharCode(...reader.take(4, 'FourCC'))
}
