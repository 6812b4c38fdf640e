import { opusSampleCount, readOpusHead } from '../../../codecs/opus/index.ts'
import type { Frame, Track } from '../../../model/index.ts'
import { opusDescriptor } from '../opus-descriptor.ts'
import type { ScratchBuffer } from '../scratch-buffer.ts'
import { DESCRIPTOR, STREAM_TYPE } from '../stream-kind.ts'
import { STREAM_ID, type TrackCarriage } from './payload-writer.ts'

const CONTROL_PREFIX = 0x7fe0
const START_TRIM = 0x10
const END_TRIM = 0x08
const LARGEST_TRIM = 0x1fff

/**
 * Opus behind control headers. Opus in MPEG-2 TS, 4. The first packet is trimmed by the pre-skip, a packet whose
 * duration is shorter than what it decodes to at its end.
 */
export function opusCarriage(track: Track): TrackCarriage | string {
  const descriptor = opusDescriptor(track.config)
  if (descriptor === undefined) return 'Opus channel mapping that MPEG-TS has no code for'
  let startTrim = Math.min(readOpusHead(track.config).preSkip, LARGEST_TRIM)
  return {
    streamType: STREAM_TYPE.privateData,
    streamId: STREAM_ID.private1,
    descriptors: [{ tag: DESCRIPTOR.registration, data: Uint8Array.of(0x4f, 0x70, 0x75, 0x73) }, descriptor],
    write(out, frame) {
      writeControlHeader(out, frame, startTrim)
      startTrim = 0
      out.append(frame.data)
    },
  }
}

function writeControlHeader(out: ScratchBuffer, frame: Frame, startTrim: number): void {
  const endTrim = frame.durationTicks > 0 ? Math.max(0, opusSampleCount(frame.data) - frame.durationTicks) : 0
  const size = frame.data.length
  const whole = Math.floor(size / 255)
  let at = out.extend(3 + whole + (startTrim > 0 ? 2 : 0) + (endTrim > 0 ? 2 : 0))
  const head = CONTROL_PREFIX | (startTrim > 0 ? START_TRIM : 0) | (endTrim > 0 ? END_TRIM : 0)
  out.bytes[at++] = head >> 8
  out.bytes[at++] = head & 255
  for (let i = 0; i < whole; i++) out.bytes[at++] = 255
  out.bytes[at++] = size - whole * 255
  if (startTrim > 0) at = putTrim(out, at, startTrim)
  if (endTrim > 0) putTrim(out, at, endTrim)
}

function putTrim(out: ScratchBuffer, at: number, trim: number): number {
  out.bytes[at] = trim >> 8
  out.bytes[at + 1] = trim & 255
  return at + 2
}
