/** Types of tags and of RTMP media messages. Adobe FLV v10.1, E.4.1; RTMP 1.0, 7.1. */
export const FLV_TAG_TYPE = { audio: 8, video: 9, script: 18 } as const
export type FlvTagType = (typeof FLV_TAG_TYPE)[keyof typeof FLV_TAG_TYPE]

/** One tag or RTMP media message without its framing. */
export type FlvTag = {
  readonly type: FlvTagType
  /** Below 2^32; wraps as the wire does. */
  readonly timestampMs: number
  /** The body, in pieces that are not copied together. Validity is said where tags are made. */
  readonly parts: readonly Uint8Array[]
}

/** Bytes of a tag header in a file. */
export const TAG_HEADER_BYTES = 11

/** Tag header in front of the body. E.4.1. */
export function writeTagHeader(into: Uint8Array, at: number, type: FlvTagType, head: FlvTagHead): void {
  into[at] = type
  putU24(into, at + 1, head.bodyBytes)
  putU24(into, at + 4, head.timestampMs & 0xffffff)
  into[at + 7] = head.timestampMs >>> 24
  putU24(into, at + 8, 0)
}
type FlvTagHead = { readonly bodyBytes: number; readonly timestampMs: number }

/** PreviousTagSize behind the body. E.3. */
export function writePreviousTagSize(into: Uint8Array, at: number, bodyBytes: number): void {
  const size = bodyBytes + TAG_HEADER_BYTES
  into[at] = size >>> 24
  putU24(into, at + 1, size & 0xffffff)
}

export function putU24(into: Uint8Array, at: number, value: number): void {
  into[at] = value >> 16
  into[at + 1] = value >> 8
  into[at + 2] = value
}

export function partsBytes(parts: readonly Uint8Array[]): number {
  let bytes = 0
  for (const part of parts) bytes += part.length
  return bytes
}
