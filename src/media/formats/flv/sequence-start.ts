import { ByteReader, ByteWriter } from '../../bytes/index.ts'
import type { CodecId } from '../../model/index.ts'
import { withLengthSize4 } from './length-size.ts'

type Convert = (body: Uint8Array) => Uint8Array
const copy: Convert = (body) => body.slice()

/** What a sequence start holds → canonical record (docs/codec-registry.md), in memory of its own. */
export const RECORD_FROM_SEQUENCE_START: Record<CodecId, Convert> = {
  h264: (body) => withLengthSize4('h264', body),
  h265: (body) => withLengthSize4('h265', body),
  av1: copy,
  vp8: withoutFullBoxHeader,
  vp9: withoutFullBoxHeader,
  aac: copy,
  opus: withOpusMagic,
  flac: withoutFlacMarker,
  mp3: copy,
  ac3: copy,
  eac3: copy,
  pcma: copy,
  pcmu: copy,
}

/** Canonical record → what a sequence start holds. */
export const SEQUENCE_START_FROM_RECORD: Record<CodecId, Convert> = {
  h264: copy,
  h265: copy,
  av1: copy,
  vp8: withFullBoxHeader,
  vp9: withFullBoxHeader,
  aac: copy,
  opus: copy,
  flac: streamInfo,
  mp3: copy,
  ac3: copy,
  eac3: copy,
  pcma: copy,
  pcmu: copy,
}

/**
 * FFmpeg writes the whole `vpcC` payload with version 1 and flags 0; the specification names the record alone.
 * The record's second byte is a level and its third holds the bit depth, so three zeros are flags.
 */
function withoutFullBoxHeader(body: Uint8Array): Uint8Array {
  const hasHeader = body.length >= 12 && body[0] === 1 && body[1] === 0 && body[2] === 0 && body[3] === 0
  return body.slice(hasHeader ? 4 : 0)
}
function withFullBoxHeader(record: Uint8Array): Uint8Array {
  const body = new Uint8Array(record.length + 4)
  body[0] = 1
  body.set(record, 4)
  return body
}

const OPUS_MAGIC = [0x4f, 0x70, 0x75, 0x73, 0x48, 0x65, 0x61, 0x64]
const OPUS_TAGS = [0x4f, 0x70, 0x75, 0x73, 0x54, 0x61, 0x67, 0x73]
/** The identification header, also from senders that leave its magic out. RFC 7845, 5.1. */
function withOpusMagic(body: Uint8Array): Uint8Array {
  if (OPUS_MAGIC.every((byte, i) => body[i] === byte)) return body.slice()
  const record = new Uint8Array(body.length + OPUS_MAGIC.length)
  record.set(OPUS_MAGIC)
  record.set(body, OPUS_MAGIC.length)
  return record
}

const FLAC_MARKER = [0x66, 0x4c, 0x61, 0x43]
const STREAMINFO_BYTES = 34
/** Metadata blocks without the marker; a bare STREAMINFO gets its block header. RFC 9639, 8. */
function withoutFlacMarker(body: Uint8Array): Uint8Array {
  if (FLAC_MARKER.every((byte, i) => body[i] === byte)) return body.slice(FLAC_MARKER.length)
  if (body.length !== STREAMINFO_BYTES) return body.slice()
  const record = new Uint8Array(STREAMINFO_BYTES + 4)
  record.set([0x80, 0, 0, STREAMINFO_BYTES])
  record.set(body, 4)
  return record
}
/** The content of STREAMINFO alone, as FFmpeg writes and reads it; other metadata blocks stay behind. */
function streamInfo(record: Uint8Array): Uint8Array {
  return record.slice(4, 4 + STREAMINFO_BYTES)
}

/** Opus comment headers may come as a second sequence start. Enhanced RTMP v2, "Enhanced Audio"; RFC 7845, 5.2. */
export function isOpusComment(body: Uint8Array): boolean {
  return OPUS_TAGS.every((byte, i) => body[i] === byte)
}

/** AV1VideoDescriptor of MPEG-2 TS → the four fixed bytes of `av1C`. AV1 in MPEG-2 TS, 2.3. */
export function av1RecordFromDescriptor(descriptor: Uint8Array): Uint8Array {
  const reader = new ByteReader(descriptor)
  if (descriptor[0] === 0x80) reader.skip(2, 'descriptor header')
  const writer = new ByteWriter(4)
  writer.u24(reader.u24('AV1VideoDescriptor'))
  writer.u8(reader.u8('initial_presentation_delay') & 0x1f)
  return writer.copy()
}
