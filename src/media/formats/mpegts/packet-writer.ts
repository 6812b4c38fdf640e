import { HEADER_BYTES, PACKET_BYTES, SYNC_BYTE } from './packet.ts'
import { wrapTime } from './pes-header.ts'
import type { ScratchBuffer } from './scratch-buffer.ts'

const PAYLOAD_BYTES = PACKET_BYTES - HEADER_BYTES
const FLAG_DISCONTINUITY = 0x80
const FLAG_RANDOM_ACCESS = 0x40
const FLAG_PCR = 0x10
const PCR_BYTES = 6

/** One PID's continuity_counter: of the next packet with a payload. */
export type PidState = { readonly pid: number; counter: number }

/** What the adaptation field of a PES packet's first transport packet says. `pcr` is 90 kHz. */
export type FirstPacketFields = {
  readonly randomAccess: boolean
  readonly pcr: number | undefined
  /** The counter does not go on from the packet before. */
  readonly discontinuity?: boolean
}

/** Length of the adaptation field (with its length byte) that the fields need; 0 where there are none. */
function adaptationBytes(fields: FirstPacketFields): number {
  if (fields.pcr !== undefined) return 2 + PCR_BYTES
  return fields.randomAccess || fields.discontinuity ? 2 : 0
}

/** Transport packets that `payloadBytes` with these fields take. */
export function packetCount(payloadBytes: number, fields: FirstPacketFields): number {
  return Math.ceil((payloadBytes + adaptationBytes(fields)) / PAYLOAD_BYTES)
}

/**
 * Writes the PES packet that stands in `buffer.bytes` at [from, from + length) as transport packets from `to` on, in the
 * same buffer; the packets may not reach into what is still to be read, which holds when `from` is past their end.
 * Stuffing goes into the adaptation field of the last packet. ISO/IEC 13818-1, 2.4.3.2 to 2.4.3.5.
 */
export function writePackets(
  buffer: ScratchBuffer,
  place: { to: number; from: number; length: number },
  pid: PidState,
  fields: FirstPacketFields,
): void {
  const { bytes } = buffer
  const end = place.from + place.length
  let at = place.to
  let wanted = adaptationBytes(fields)
  for (let from = place.from; from < end; at += PACKET_BYTES) {
    const count = Math.min(PAYLOAD_BYTES - wanted, end - from)
    const adaptation = PAYLOAD_BYTES - count
    writeHeader(bytes, at, pid, { starts: from === place.from, adaptation: adaptation > 0, payload: true })
    if (adaptation > 0) writeAdaptation(bytes, at + HEADER_BYTES, adaptation, wanted > 0 ? fields : NO_FIELDS)
    bytes.copyWithin(at + HEADER_BYTES + adaptation, from, from + count)
    from += count
    wanted = 0
  }
}

const NO_FIELDS: FirstPacketFields = { randomAccess: false, pcr: undefined }

type HeaderFlags = { starts: boolean; adaptation: boolean; payload: boolean }

function writeHeader(bytes: Uint8Array, at: number, pid: PidState, flags: HeaderFlags): void {
  bytes[at] = SYNC_BYTE
  bytes[at + 1] = (flags.starts ? 0x40 : 0) | (pid.pid >> 8)
  bytes[at + 2] = pid.pid & 255
  // Without a payload the counter stays where it was.
  const counter = flags.payload ? pid.counter : (pid.counter + 15) & 15
  bytes[at + 3] = (flags.adaptation ? 0x20 : 0) | (flags.payload ? 0x10 : 0) | counter
  if (flags.payload) pid.counter = (pid.counter + 1) & 15
}

/** adaptation_field() of `count` bytes with its length byte. ISO/IEC 13818-1, 2.4.3.4. */
function writeAdaptation(bytes: Uint8Array, at: number, count: number, fields: FirstPacketFields): void {
  bytes[at] = count - 1
  if (count === 1) return
  bytes[at + 1] =
    (fields.discontinuity ? FLAG_DISCONTINUITY : 0) |
    (fields.randomAccess ? FLAG_RANDOM_ACCESS : 0) |
    (fields.pcr === undefined ? 0 : FLAG_PCR)
  let used = at + 2
  if (fields.pcr !== undefined) used = writePcr(bytes, used, fields.pcr)
  bytes.fill(0xff, used, at + count)
}

/** program_clock_reference_base with extension 0. ISO/IEC 13818-1, 2.4.3.5. */
function writePcr(bytes: Uint8Array, at: number, ticks: number): number {
  const base = wrapTime(ticks)
  const low = base % 2 ** 17
  const high = Math.floor(base / 2 ** 17)
  bytes[at] = high >> 8
  bytes[at + 1] = high & 255
  bytes[at + 2] = low >> 9
  bytes[at + 3] = (low >> 1) & 255
  bytes[at + 4] = ((low & 1) << 7) | 0x7e
  bytes[at + 5] = 0
  return at + PCR_BYTES
}

/** A packet with nothing but a PCR. */
export function writePcrPacket(buffer: ScratchBuffer, pid: PidState, pcr: number): void {
  const at = buffer.extend(PACKET_BYTES)
  writeHeader(buffer.bytes, at, pid, { starts: false, adaptation: true, payload: false })
  writeAdaptation(buffer.bytes, at + HEADER_BYTES, PAYLOAD_BYTES, { randomAccess: false, pcr })
}

/** A section in packets of its own, filled up with stuffing bytes. ISO/IEC 13818-1, 2.4.4. */
export function writeSectionPackets(buffer: ScratchBuffer, pid: PidState, section: Uint8Array): void {
  for (let from = 0; from < section.length; ) {
    const starts = from === 0
    const at = buffer.extend(PACKET_BYTES)
    writeHeader(buffer.bytes, at, pid, { starts, adaptation: false, payload: true })
    let out = at + HEADER_BYTES
    if (starts) buffer.bytes[out++] = 0
    const count = Math.min(at + PACKET_BYTES - out, section.length - from)
    buffer.bytes.set(section.subarray(from, from + count), out)
    buffer.bytes.fill(0xff, out + count, at + PACKET_BYTES)
    from += count
  }
}
