import type { Retimer, StreamHead, TimeShift } from '../../model/index.ts'
import { FLV_TAG_TYPE } from './flv-tag.ts'

const TAG_HEADER_BYTES = 11
const PREVIOUS_TAG_SIZE_BYTES = 4
const AAC = 10
const EX_AUDIO = 9

/** Times of FLV tags. Adobe FLV Specification v10.1, E.4.1: 24 bits, then 8 bits above them. */
export class FlvRetimer implements Retimer {
  readonly rangeMs = 2 ** 32

  head(bytes: Uint8Array): StreamHead {
    const timesMs = new Map<number, number>()
    forEachTag(bytes, (at, type) => {
      const isMedia = type === FLV_TAG_TYPE.video || type === FLV_TAG_TYPE.audio
      if (!isMedia || timesMs.has(type)) return
      if (!isSequenceStart(type, bytes, at + TAG_HEADER_BYTES)) timesMs.set(type, readTime(bytes, at + 4))
    })
    return { timesMs, counters: new Map() }
  }
  shift(bytes: Uint8Array, { ms }: TimeShift): void {
    forEachTag(bytes, (at) => writeTime(bytes, at + 4, readTime(bytes, at + 4) - Math.round(ms)))
  }
}

function forEachTag(bytes: Uint8Array, visit: (at: number, type: number) => void): void {
  for (let at = 0; at + TAG_HEADER_BYTES <= bytes.length; ) {
    const bodyBytes = ((bytes[at + 1] ?? 0) << 16) | ((bytes[at + 2] ?? 0) << 8) | (bytes[at + 3] ?? 0)
    visit(at, (bytes[at] ?? 0) & 31)
    at += TAG_HEADER_BYTES + bodyBytes + PREVIOUS_TAG_SIZE_BYTES
  }
}

/** Bodies that carry a configuration, not a frame: E.4.2.1, E.4.3.1; Enhanced RTMP v2, PacketType 0. */
export function isSequenceStart(type: number, bytes: Uint8Array, bodyAt: number): boolean {
  const first = bytes[bodyAt] ?? 0
  const second = bytes[bodyAt + 1] ?? 0
  if (type === FLV_TAG_TYPE.video) return (first & 0x80) !== 0 ? (first & 15) === 0 : second === 0
  const soundFormat = first >> 4
  return soundFormat === EX_AUDIO ? (first & 15) === 0 : soundFormat === AAC && second === 0
}

function readTime(bytes: Uint8Array, at: number): number {
  const low = ((bytes[at] ?? 0) << 16) | ((bytes[at + 1] ?? 0) << 8) | (bytes[at + 2] ?? 0)
  return (bytes[at + 3] ?? 0) * 2 ** 24 + low
}
function writeTime(bytes: Uint8Array, at: number, ms: number): void {
  const wrapped = ms >>> 0
  bytes[at] = wrapped >>> 16
  bytes[at + 1] = wrapped >>> 8
  bytes[at + 2] = wrapped
  bytes[at + 3] = wrapped >>> 24
}
