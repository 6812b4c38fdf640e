import { MalformedInputError } from '../../errors.ts'

/** Samples of one frame at 48 kHz by `config` of the TOC byte. RFC 6716, table 2. */
const FRAME_SAMPLES: readonly number[] = [
  ...[480, 960, 1920, 2880, 480, 960, 1920, 2880, 480, 960, 1920, 2880],
  ...[480, 960, 480, 960],
  ...[120, 240, 480, 960, 120, 240, 480, 960, 120, 240, 480, 960, 120, 240, 480, 960],
]
const MAX_PACKET_SAMPLES = 5760

/** Samples at 48 kHz that the packet decodes to. RFC 6716, 3.1 and 3.2. */
export function opusSampleCount(packet: Uint8Array): number {
  const toc = packet[0]
  if (toc === undefined) throw new MalformedInputError('TOC', 0, 'packet is empty')
  const samples = (FRAME_SAMPLES[toc >> 3] ?? 0) * frameCount(packet, toc & 3)
  if (samples > MAX_PACKET_SAMPLES) throw new MalformedInputError('TOC', 0, 'packet is longer than 120 ms')
  return samples
}

function frameCount(packet: Uint8Array, code: number): number {
  if (code < 3) return code === 0 ? 1 : 2
  const count = (packet[1] ?? 0) & 63
  if (count === 0) throw new MalformedInputError('frame count', 1, 'is 0 or missing')
  return count
}
