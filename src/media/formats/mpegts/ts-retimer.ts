import type { Retimer, StreamHead, TimeShift } from '../../model/index.ts'
import { HEADER_BYTES, PACKET_BYTES, TIME_RANGE_TICKS } from './packet.ts'
import { PES_FIXED_BYTES, wrapTime } from './pes-header.ts'

const TICKS_PER_MS = 90
const FLAG_PCR = 0x10

/** PCR, PTS, DTS and continuity counters of transport packets that a TsMuxer wrote. ISO/IEC 13818-1, 2.4.3. */
export class TsRetimer implements Retimer {
  readonly rangeMs = TIME_RANGE_TICKS / TICKS_PER_MS

  head(bytes: Uint8Array): StreamHead {
    const timesMs = new Map<number, number>()
    const counters = new Map<number, number>()
    for (let at = 0; at + PACKET_BYTES <= bytes.length; at += PACKET_BYTES) {
      const pid = pidAt(bytes, at)
      if (hasPayload(bytes, at) && !counters.has(pid)) counters.set(pid, (bytes[at + 3] ?? 0) & 15)
      const pesAt = pesStart(bytes, at)
      if (pesAt !== undefined && !timesMs.has(pid)) timesMs.set(pid, decodeTime(bytes, pesAt) / TICKS_PER_MS)
    }
    return { timesMs, counters }
  }
  shift(bytes: Uint8Array, { ms, counters }: TimeShift): void {
    const ticks = Math.round(ms * TICKS_PER_MS)
    for (let at = 0; at + PACKET_BYTES <= bytes.length; at += PACKET_BYTES) {
      const step = counters.get(pidAt(bytes, at)) ?? 0
      const control = bytes[at + 3] ?? 0
      bytes[at + 3] = (control & 0xf0) | ((control + step) & 15)
      shiftPcr(bytes, at, ticks)
      const pesAt = pesStart(bytes, at)
      if (pesAt !== undefined) shiftPes(bytes, pesAt, ticks)
    }
  }
}

function pidAt(bytes: Uint8Array, at: number): number {
  return (((bytes[at + 1] ?? 0) & 31) << 8) | (bytes[at + 2] ?? 0)
}
function hasPayload(bytes: Uint8Array, at: number): boolean {
  return ((bytes[at + 3] ?? 0) & 0x10) !== 0
}
function adaptationLength(bytes: Uint8Array, at: number): number {
  return ((bytes[at + 3] ?? 0) & 0x20) === 0 ? -1 : (bytes[at + HEADER_BYTES] ?? 0)
}

/** Where a PES header with times begins in this packet; undefined for sections and continuations. */
function pesStart(bytes: Uint8Array, at: number): number | undefined {
  if (((bytes[at + 1] ?? 0) & 0x40) === 0 || !hasPayload(bytes, at)) return undefined
  const start = at + HEADER_BYTES + 1 + adaptationLength(bytes, at)
  if (start + PES_FIXED_BYTES + 5 > at + PACKET_BYTES) return undefined
  const isPes = bytes[start] === 0 && bytes[start + 1] === 0 && bytes[start + 2] === 1
  return isPes && (bytes[start + 7] ?? 0) >> 7 === 1 ? start : undefined
}

function hasDts(bytes: Uint8Array, pesAt: number): boolean {
  return (bytes[pesAt + 7] ?? 0) >> 6 === 3
}
function decodeTime(bytes: Uint8Array, pesAt: number): number {
  return readTime(bytes, pesAt + (hasDts(bytes, pesAt) ? 14 : 9))
}
function shiftPes(bytes: Uint8Array, pesAt: number, ticks: number): void {
  shiftTime(bytes, pesAt + 9, ticks)
  if (hasDts(bytes, pesAt)) shiftTime(bytes, pesAt + 14, ticks)
}

/** 33 bits between marker bits. 2.4.3.7. */
function readTime(bytes: Uint8Array, at: number): number {
  const high = ((bytes[at] ?? 0) >> 1) & 7
  const middle = ((bytes[at + 1] ?? 0) << 7) | ((bytes[at + 2] ?? 0) >> 1)
  const low = ((bytes[at + 3] ?? 0) << 7) | ((bytes[at + 4] ?? 0) >> 1)
  return high * 2 ** 30 + middle * 2 ** 15 + low
}
function shiftTime(bytes: Uint8Array, at: number, ticks: number): void {
  const time = wrapTime(readTime(bytes, at) - ticks)
  const low30 = time % 2 ** 30
  bytes[at] = ((bytes[at] ?? 0) & 0xf1) | (Math.floor(time / 2 ** 30) << 1)
  bytes[at + 1] = low30 >> 22
  bytes[at + 2] = ((low30 >> 14) & 0xfe) | 1
  bytes[at + 3] = low30 >> 7
  bytes[at + 4] = ((low30 << 1) & 0xfe) | 1
}

/** program_clock_reference_base: 33 bits; the extension stays. 2.4.3.5. */
function shiftPcr(bytes: Uint8Array, packetAt: number, ticks: number): void {
  if (adaptationLength(bytes, packetAt) < 7 || ((bytes[packetAt + 5] ?? 0) & FLAG_PCR) === 0) return
  const at = packetAt + 6
  const top =
    ((bytes[at] ?? 0) * 2 ** 24 + ((bytes[at + 1] ?? 0) << 16) + ((bytes[at + 2] ?? 0) << 8) + (bytes[at + 3] ?? 0)) * 2
  const base = wrapTime(top + ((bytes[at + 4] ?? 0) >> 7) - ticks)
  const high = Math.floor(base / 2)
  bytes[at] = Math.floor(high / 2 ** 24)
  bytes[at + 1] = high >> 16
  bytes[at + 2] = high >> 8
  bytes[at + 3] = high
  bytes[at + 4] = ((bytes[at + 4] ?? 0) & 0x7f) | ((base % 2) << 7)
}
