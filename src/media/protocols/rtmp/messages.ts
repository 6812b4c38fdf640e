/** Message type ids. RTMP 1.0, 5.4, 6.2 and 7.1. */
export const MESSAGE_TYPE = {
  setChunkSize: 1,
  abort: 2,
  acknowledgement: 3,
  userControl: 4,
  windowAckSize: 5,
  setPeerBandwidth: 6,
  audio: 8,
  video: 9,
  dataAmf3: 15,
  commandAmf3: 17,
  dataAmf0: 18,
  commandAmf0: 20,
  aggregate: 22,
} as const

/** User control events. RTMP 1.0, 7.1.7. */
export const USER_CONTROL = {
  streamBegin: 0,
  streamEof: 1,
  streamDry: 2,
  setBufferLength: 3,
  streamIsRecorded: 4,
  pingRequest: 6,
  pingResponse: 7,
} as const

/** Chunk stream ids that we send on; 2 is fixed by RTMP 1.0, 5.4, the others are custom. */
export const CHUNK_STREAM = { control: 2, command: 3, audio: 4, status: 5, video: 6, data: 7 } as const

/** Payload bytes of a chunk that we send: one value for all viewers, because they share their bytes. */
export const OUTPUT_CHUNK_BYTES = 65_536

/** The types of media messages; the same numbers as FLV tags. */
export type RtmpMediaType = 8 | 9 | 18

/** A message as it arrived. */
export type RtmpMessage = {
  readonly type: number
  readonly messageStreamId: number
  /** 32 bits, wrapping. */
  readonly timestampMs: number
  /** View that is valid only during the call that hands it over. */
  readonly payload: Uint8Array
}
