import { OBU, readAv1CodecConfiguration, readObus } from '../../../codecs/av1/index.ts'
import type { Track } from '../../../model/index.ts'
import type { ScratchBuffer } from '../scratch-buffer.ts'
import { DESCRIPTOR, STREAM_TYPE } from '../stream-kind.ts'
import { STREAM_ID, type TrackCarriage } from './payload-writer.ts'

const AV01 = Uint8Array.of(0x41, 0x56, 0x30, 0x31)

/**
 * AV1 as the AOM binding to MPEG-2 TS has it and mpegts.js and Shaka read it: every OBU behind a start code, with
 * emulation prevention. FFmpeg 8.1 has no reader for AV1 in MPEG-TS, in no form.
 */
export function av1Carriage(track: Track): TrackCarriage {
  readAv1CodecConfiguration(track.config)
  return {
    streamType: STREAM_TYPE.privateData,
    streamId: STREAM_ID.private1,
    descriptors: [
      { tag: DESCRIPTOR.registration, data: AV01 },
      // The fixed part of the record is laid out like the descriptor.
      { tag: DESCRIPTOR.av1Video, data: track.config.slice(0, 4) },
    ],
    write(out, { data }) {
      for (const obu of readObus(data)) if (obu.type !== OBU.temporalDelimiter) writeObu(out, obu.bytes)
    },
  }
}

/** ts_open_bitstream_unit(). AV1 in MPEG-2 TS, 3.2. */
function writeObu(out: ScratchBuffer, obu: Uint8Array): void {
  const start = out.extend(3 + obu.length + (obu.length >> 1) + 1)
  const { bytes } = out
  bytes[start] = 0
  bytes[start + 1] = 0
  bytes[start + 2] = 1
  let at = start + 3
  let zeros = 0
  for (let i = 0; i < obu.length; i++) {
    const byte = obu[i] ?? 0
    if (zeros === 2 && byte <= 3) {
      bytes[at++] = 3
      zeros = 0
    }
    bytes[at++] = byte
    zeros = byte === 0 ? zeros + 1 : 0
  }
  out.length = at
}
