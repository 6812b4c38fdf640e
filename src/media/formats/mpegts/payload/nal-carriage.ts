import { H264_NAL, readAvcDecoderConfiguration } from '../../../codecs/h264/index.ts'
import { H265_NAL, hevcParameterSets, readHevcDecoderConfiguration } from '../../../codecs/h265/index.ts'
import { joinAnnexB, LENGTH_BYTES } from '../../../codecs/nal/index.ts'
import { MalformedInputError } from '../../../errors.ts'
import type { Frame, Track } from '../../../model/index.ts'
import type { ScratchBuffer } from '../scratch-buffer.ts'
import { STREAM_TYPE } from '../stream-kind.ts'
import { STREAM_ID, type TrackCarriage } from './payload-writer.ts'

/** What differs between the two codecs when an access unit becomes a byte stream. */
type NalSyntax = {
  readonly streamType: number
  /** With its start code; any slice type may follow. */
  readonly delimiter: Uint8Array
  readonly delimiterType: number
  readonly spsType: number
  typeOf(firstByte: number): number
  isParameterSet(type: number): boolean
}

const H264_SYNTAX: NalSyntax = {
  streamType: STREAM_TYPE.h264,
  delimiter: Uint8Array.of(0, 0, 0, 1, 0x09, 0xf0),
  delimiterType: H264_NAL.accessUnitDelimiter,
  spsType: H264_NAL.sps,
  typeOf: (firstByte) => firstByte & 31,
  isParameterSet: (type) => type === H264_NAL.sps || type === H264_NAL.pps,
}
const H265_SYNTAX: NalSyntax = {
  streamType: STREAM_TYPE.h265,
  delimiter: Uint8Array.of(0, 0, 0, 1, 0x46, 0x01, 0x50),
  delimiterType: H265_NAL.accessUnitDelimiter,
  spsType: H265_NAL.sps,
  typeOf: (firstByte) => (firstByte >> 1) & 63,
  isParameterSet: (type) => type >= H265_NAL.vps && type <= H265_NAL.pps,
}

/** ISO/IEC 13818-1, 2.14: byte stream with an access unit delimiter in front of every access unit. */
export function h264Carriage(track: Track): TrackCarriage {
  const { sequenceParameterSets, pictureParameterSets } = readAvcDecoderConfiguration(track.config)
  return carriage(H264_SYNTAX, joinAnnexB([...sequenceParameterSets, ...pictureParameterSets]))
}

/** ISO/IEC 13818-1, 2.17. */
export function h265Carriage(track: Track): TrackCarriage {
  const record = readHevcDecoderConfiguration(track.config)
  const sets = [H265_NAL.vps, H265_NAL.sps, H265_NAL.pps].flatMap((type) => hevcParameterSets(record, type))
  return carriage(H265_SYNTAX, joinAnnexB(sets))
}

function carriage(syntax: NalSyntax, parameterSets: Uint8Array): TrackCarriage {
  return {
    streamType: syntax.streamType,
    streamId: STREAM_ID.video,
    descriptors: [],
    write: (out, frame) => writeAccessUnit(out, frame, syntax, parameterSets),
  }
}

/**
 * Delimiter, at a key frame the parameter sets unless the unit has its own, then the unit with start codes: four bytes in
 * front of the first NAL unit and of parameter sets (ITU-T H.264, B.1.2), three in front of the others.
 */
function writeAccessUnit(out: ScratchBuffer, frame: Frame, syntax: NalSyntax, parameterSets: Uint8Array): void {
  const { data } = frame
  const view = new DataView(data.buffer, data.byteOffset, data.byteLength)
  const insertsSets = frame.isKey && !hasSps(view, syntax)
  out.append(syntax.delimiter)
  if (insertsSets) out.append(parameterSets)
  let isFirst = !insertsSets
  for (let at = 0; at < data.length; ) {
    const end = nalEnd(view, at)
    const type = syntax.typeOf(data[at + LENGTH_BYTES] ?? 0)
    // The unit's own delimiter is replaced, and empty units have no place in a byte stream.
    if (type !== syntax.delimiterType && end > at + LENGTH_BYTES) {
      const zeros = isFirst || syntax.isParameterSet(type) ? 3 : 2
      const to = out.extend(zeros + 1 + end - at - LENGTH_BYTES)
      out.bytes.fill(0, to, to + zeros)
      out.bytes[to + zeros] = 1
      out.bytes.set(data.subarray(at + LENGTH_BYTES, end), to + zeros + 1)
      isFirst = false
    }
    at = end
  }
}

function hasSps(view: DataView, syntax: NalSyntax): boolean {
  for (let at = 0; at < view.byteLength; ) {
    const end = nalEnd(view, at)
    if (end > at + LENGTH_BYTES && syntax.typeOf(view.getUint8(at + LENGTH_BYTES)) === syntax.spsType) return true
    at = end
  }
  return false
}

/** The end of the length-prefixed NAL unit at `at`. */
function nalEnd(view: DataView, at: number): number {
  if (at + LENGTH_BYTES > view.byteLength) throw new MalformedInputError('NALUnitLength', at, 'is cut off')
  const end = at + LENGTH_BYTES + view.getUint32(at)
  if (end > view.byteLength) throw new MalformedInputError('NALUnitLength', at, 'is past the access unit')
  return end
}
