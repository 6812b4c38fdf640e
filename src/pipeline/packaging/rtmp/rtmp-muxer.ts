import { type FlvTag, FlvTagMuxer } from '../../../media/formats/flv/index.ts'
import type { Frame, Muxer, Track } from '../../../media/model/index.ts'
import { writeMediaMessage } from '../../../media/protocols/rtmp/index.ts'

/**
 * Frames as RTMP media messages in chunks with full headers, so that the bytes are the same for every player that
 * plays on the same message stream id (nearly always 1).
 */
export class RtmpMuxer implements Muxer {
  readonly #tags = new FlvTagMuxer()
  readonly #messageStreamId: number

  constructor(messageStreamId: number) {
    this.#messageStreamId = messageStreamId
  }

  setTracks(tracks: readonly Track[]): readonly Uint8Array[] {
    return this.#messages(this.#tags.setTracks(tracks))
  }
  preamble(): Uint8Array {
    const tags = [this.#tags.metadataTag(), ...this.#tags.sequenceTags()]
    return new Uint8Array(Buffer.concat(this.#messages(tags)))
  }
  frame(frame: Frame): readonly Uint8Array[] {
    const tag = this.#tags.frameTag(frame)
    return tag ? writeMediaMessage(this.#messageStreamId, tag) : []
  }
  flush(): readonly Uint8Array[] {
    return []
  }

  #messages(tags: readonly FlvTag[]): Uint8Array[] {
    return tags.flatMap((tag) => writeMediaMessage(this.#messageStreamId, tag))
  }
}
