import { MalformedInputError } from '../../errors.ts'
import { TIME_RANGE_TICKS } from './packet.ts'

/** What a PES packet's header says. ISO/IEC 13818-1, 2.4.3.6. */
export type PesHeader = {
  readonly streamId: number
  /** 33 bits of 90 kHz; undefined where the packet has none. */
  readonly pts: number | undefined
  readonly dts: number | undefined
  /** Where the payload starts. */
  readonly headerBytes: number
}

export const PES_FIXED_BYTES = 9
const PADDING_STREAM = 0xbe
/** stream_ids whose packets have no optional header: maps, padding, ECM, EMM, DSMCC, directory and so on. */
const BARE_STREAMS = new Set([0xbc, PADDING_STREAM, 0xbf, 0xf0, 0xf1, 0xff, 0xf2, 0xf8])

export function readPesHeader(packet: Uint8Array): PesHeader {
  if (packet.length < PES_FIXED_BYTES) throw new MalformedInputError('PES_header', packet.length, 'is cut off')
  if (packet[0] !== 0 || packet[1] !== 0 || packet[2] !== 1) {
    throw new MalformedInputError('packet_start_code_prefix', 0, 'is not 00 00 01')
  }
  const streamId = packet[3] ?? 0
  if (BARE_STREAMS.has(streamId)) throw new MalformedInputError('stream_id', 3, `${streamId} carries no media`)
  if ((packet[6] ?? 0) >> 6 !== 2) throw new MalformedInputError('PES_header', 6, 'marker is not 10')
  const flags = (packet[7] ?? 0) >> 6
  const optionalBytes = packet[8] ?? 0
  const headerBytes = PES_FIXED_BYTES + optionalBytes
  if (headerBytes > packet.length) throw new MalformedInputError('PES_header_data_length', 8, 'is past the packet')
  const pts = flags >= 2 && optionalBytes >= 5 ? readTimestamp(packet, 9) : undefined
  const dts = flags === 3 && optionalBytes >= 10 ? readTimestamp(packet, 14) : pts
  return { streamId, pts, dts, headerBytes }
}

function readTimestamp(bytes: Uint8Array, at: number): number {
  const high = ((bytes[at] ?? 0) >> 1) & 7
  const middle = ((bytes[at + 1] ?? 0) << 7) | ((bytes[at + 2] ?? 0) >> 1)
  const low = ((bytes[at + 3] ?? 0) << 7) | ((bytes[at + 4] ?? 0) >> 1)
  return high * 2 ** 30 + middle * 2 ** 15 + low
}

/** Where the parts of a PES header are put. Times are 90 kHz, of any size; equal ones are written once. */
export type PesHeaderFields = { streamId: number; pts: number; dts: number; payloadBytes: number }

/** Returns the header's length. PES_packet_length is 0 (unbounded, video only) where 16 bits do not hold it. */
export function writePesHeader(out: Uint8Array, at: number, fields: PesHeaderFields): number {
  const optionalBytes = pesOptionalBytes(fields.pts, fields.dts)
  const length = 3 + optionalBytes + fields.payloadBytes
  const packetLength = length > 0xffff ? 0 : length
  out[at] = 0
  out[at + 1] = 0
  out[at + 2] = 1
  out[at + 3] = fields.streamId
  out[at + 4] = packetLength >> 8
  out[at + 5] = packetLength & 255
  // data_alignment_indicator: the payload begins with an access unit.
  out[at + 6] = 0x84
  out[at + 7] = optionalBytes === 10 ? 0xc0 : 0x80
  out[at + 8] = optionalBytes
  writeTimestamp(out, at + 9, optionalBytes === 10 ? 3 : 2, fields.pts)
  if (optionalBytes === 10) writeTimestamp(out, at + 14, 1, fields.dts)
  return PES_FIXED_BYTES + optionalBytes
}

export function pesOptionalBytes(pts: number, dts: number): number {
  return pts === dts ? 5 : 10
}

function writeTimestamp(out: Uint8Array, at: number, prefix: number, ticks: number): void {
  const time = wrapTime(ticks)
  const low = time % 2 ** 30
  out[at] = (prefix << 4) | (Math.floor(time / 2 ** 30) << 1) | 1
  out[at + 1] = (low >> 22) & 255
  out[at + 2] = ((low >> 14) & 254) | 1
  out[at + 3] = (low >> 7) & 255
  out[at + 4] = ((low << 1) & 254) | 1
}

/** Into 33 bits. */
export function wrapTime(ticks: number): number {
  return ((ticks % TIME_RANGE_TICKS) + TIME_RANGE_TICKS) % TIME_RANGE_TICKS
}
