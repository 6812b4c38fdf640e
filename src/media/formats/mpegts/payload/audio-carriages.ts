import type { Track } from '../../../model/index.ts'
import { DESCRIPTOR, STREAM_TYPE } from '../stream-kind.ts'
import { STREAM_ID, type TrackCarriage } from './payload-writer.ts'

const LOWEST_MPEG1_RATE_HZ = 32_000

/** MPEG audio frames as they are. ISO/IEC 13818-1, table 2-34. */
export function mp3Carriage(track: Track): TrackCarriage {
  const streamType = track.clockRateHz < LOWEST_MPEG1_RATE_HZ ? STREAM_TYPE.mpeg2Audio : STREAM_TYPE.mpeg1Audio
  return { streamType, streamId: STREAM_ID.audio, descriptors: [], write: (out, frame) => out.append(frame.data) }
}

/** ATSC A/52, annex A. */
export function ac3Carriage(): TrackCarriage {
  return syncframeCarriage(STREAM_TYPE.ac3, Uint8Array.of(0x41, 0x43, 0x2d, 0x33))
}

/** ATSC A/52, annex G. */
export function eac3Carriage(): TrackCarriage {
  return syncframeCarriage(STREAM_TYPE.eac3, Uint8Array.of(0x45, 0x41, 0x43, 0x33))
}

function syncframeCarriage(streamType: number, registration: Uint8Array): TrackCarriage {
  return {
    streamType,
    streamId: STREAM_ID.private1,
    descriptors: [{ tag: DESCRIPTOR.registration, data: registration }],
    write: (out, frame) => out.append(frame.data),
  }
}
