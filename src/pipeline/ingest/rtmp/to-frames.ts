import { FlvTagDemuxer } from '../../../media/formats/flv/index.ts'
import type { MediaSink } from '../../../media/model/index.ts'

/** RTMP media messages are FLV tag bodies. */
export function rtmpToFrames(sink: MediaSink, limits: { readonly maxTracks: number }): FlvTagDemuxer {
  return new FlvTagDemuxer(sink, { maxTracks: limits.maxTracks })
}
