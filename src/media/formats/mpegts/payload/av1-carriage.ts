import { readAv1CodecConfiguration } from '../../../codecs/av1/index.ts'
import type { Track } from '../../../model/index.ts'
import type { ScratchBuffer } from '../scratch-buffer.ts'
import { DESCRIPTOR, STREAM_TYPE } from '../stream-kind.ts'
import { STREAM_ID, type TrackCarriage } from './payload-writer.ts'

const AV01 = Uint8Array.of(0x41, 0x56, 0x30, 0x31)

export function av1Carriage(track: Track): TrackCarriage {
  readAv1CodecConfiguration(track.config)
  return {
    streamType: STREAM_TYPE.privateData,
    streamId: STREAM_ID.video,
    descriptors: [
      { tag: DESCRIPTOR.registration, data: AV01 },
      // The fixed part of the record is laid out like the descriptor.
      { tag: DESCRIPTOR.av1Video, data: track.config.slice(0, 4) },
    ],
    write: (out: ScratchBuffer, frame) => out.append(frame.data),
  }
}
