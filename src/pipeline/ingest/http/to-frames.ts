import { FlvDemuxer } from '../../../media/formats/flv/index.ts'
import { TsDemuxer } from '../../../media/formats/mpegts/index.ts'
import type { MediaSink } from '../../../media/model/index.ts'

export type PushLimits = { readonly maxMessageBytes: number; readonly maxTracks: number }

/** Bytes of a container in, frames into a sink; cut anywhere. */
export interface PushDemuxer {
  push(bytes: Uint8Array): void
  flush(): void
  /** Why nothing in these bytes gives a frame, where that is certain. */
  readonly obstacle?: string | undefined
  /** Tracks that the container lists and that have not shown themselves yet. */
  readonly awaitedTracks?: number
}

/** The containers that can be pushed over HTTP and WebSocket, by the extension of their address. */
export const PUSH_FORMATS = {
  flv: (sink: MediaSink, limits: PushLimits): PushDemuxer =>
    new FlvDemuxer(sink, { maxTagBytes: limits.maxMessageBytes, maxTracks: limits.maxTracks }),
  ts: (sink: MediaSink, limits: PushLimits): PushDemuxer =>
    new TsDemuxer(sink, { maxPesBytes: limits.maxMessageBytes }),
} as const
export type PushFormat = keyof typeof PUSH_FORMATS

export function isPushFormat(format: string): format is PushFormat {
  return Object.hasOwn(PUSH_FORMATS, format)
}
