import { ByteReader } from '../../bytes/index.ts'
import { MalformedInputError, UnsupportedInputError } from '../../errors.ts'
import type { CodecDescription, FrameDescription } from '../codec-description.ts'
import { readVpCodecConfiguration, writeVpCodecConfiguration } from '../vp9/index.ts'

/** Frame tag and key frame header. RFC 6386, 9.1. */
export type Vp8KeyframeHeader = { readonly version: number; readonly widthPx: number; readonly heightPx: number }

/** Never throws. */
export function isVp8Keyframe(data: Uint8Array): boolean {
  return data.length > 0 && ((data[0] ?? 0) & 1) === 0
}

export function readVp8KeyframeHeader(data: Uint8Array): Vp8KeyframeHeader {
  const r = new ByteReader(data)
  const tag = r.u8('frame_tag')
  if ((tag & 1) !== 0) throw new UnsupportedInputError('VP8 frame is not a key frame')
  r.skip(2, 'first_part_size')
  if (r.u24('start_code') !== 0x9d012a) throw new MalformedInputError('start_code', 3, 'is not 9d 01 2a')
  const widthPx = r.u16le('width') & 0x3fff
  const heightPx = r.u16le('height') & 0x3fff
  if (widthPx === 0 || heightPx === 0) throw new MalformedInputError('width', 6, 'picture is empty')
  return { version: (tag >> 1) & 7, widthPx, heightPx }
}

/** The codec string is `vp8`, the form that browsers know; the record has no picture size. */
export function describeVp8Config(config: Uint8Array): CodecDescription {
  readVpCodecConfiguration(config)
  return { codecString: 'vp8' }
}

export function describeVp8Frame(data: Uint8Array): FrameDescription {
  const { version, widthPx, heightPx } = readVp8KeyframeHeader(data)
  const config = writeVpCodecConfiguration({
    profile: version,
    level: 0,
    bitDepth: 8,
    chromaSubsampling: 1,
    videoFullRangeFlag: 0,
    colourPrimaries: 2,
    transferCharacteristics: 2,
    matrixCoefficients: 2,
  })
  return { codecString: 'vp8', video: { widthPx, heightPx }, config }
}
