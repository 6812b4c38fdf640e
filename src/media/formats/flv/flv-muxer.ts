import type { Frame, Muxer, Track } from '../../model/index.ts'
import { type FlvTag, partsBytes, TAG_HEADER_BYTES, writePreviousTagSize, writeTagHeader } from './flv-tag.ts'
import { FlvTagMuxer, type FlvTagMuxerOptions } from './flv-tag-muxer.ts'

const HAS_VIDEO = 1
const HAS_AUDIO = 4
/** Header and PreviousTagSize0. */
const FILE_HEADER_BYTES = 13
const PREVIOUS_TAG_SIZE_BYTES = 4

/** A live FLV stream. Adobe FLV v10.1, E.2–E.4; Enhanced RTMP v2. */
export class FlvMuxer implements Muxer {
  readonly #tags: FlvTagMuxer
  readonly #header = new Uint8Array(TAG_HEADER_BYTES)
  readonly #trailer = new Uint8Array(PREVIOUS_TAG_SIZE_BYTES)
  #preamble: Uint8Array | undefined

  constructor(options: FlvTagMuxerOptions = {}) {
    this.#tags = new FlvTagMuxer(options)
  }

  setTracks(tracks: readonly Track[]): readonly Uint8Array[] {
    this.#preamble = undefined
    return this.#tags.setTracks(tracks).map(tagBytes)
  }

  /** File header, onMetaData and sequence starts, all at time 0. */
  preamble(): Uint8Array {
    this.#preamble ??= joined([
      fileHeader(this.#tags.tracks),
      tagBytes(this.#tags.metadataTag()),
      ...this.#tags.sequenceTags().map(tagBytes),
    ])
    return this.#preamble
  }

  /** Tag header, body header, `frame.data` itself, PreviousTagSize. Empty for a track that is not in the set. */
  frame(frame: Frame): readonly Uint8Array[] {
    const tag = this.#tags.frameTag(frame)
    if (tag === undefined) return []
    const bodyBytes = partsBytes(tag.parts)
    writeTagHeader(this.#header, 0, tag.type, { bodyBytes, timestampMs: tag.timestampMs })
    writePreviousTagSize(this.#trailer, 0, bodyBytes)
    return [this.#header, ...tag.parts, this.#trailer]
  }

  flush(): readonly Uint8Array[] {
    return []
  }
}

/** E.2. */
function fileHeader(tracks: readonly Track[]): Uint8Array {
  const header = new Uint8Array(FILE_HEADER_BYTES)
  const hasVideo = tracks.some((track) => track.kind === 'video')
  const hasAudio = tracks.some((track) => track.kind === 'audio')
  header.set([0x46, 0x4c, 0x56, 1, (hasVideo ? HAS_VIDEO : 0) | (hasAudio ? HAS_AUDIO : 0), 0, 0, 0, 9])
  return header
}

/** A whole tag as a file holds it, with its PreviousTagSize; new memory. */
export function tagBytes(tag: FlvTag): Uint8Array {
  const bodyBytes = partsBytes(tag.parts)
  const bytes = new Uint8Array(TAG_HEADER_BYTES + bodyBytes + PREVIOUS_TAG_SIZE_BYTES)
  writeTagHeader(bytes, 0, tag.type, { bodyBytes, timestampMs: tag.timestampMs })
  let at = TAG_HEADER_BYTES
  for (const part of tag.parts) {
    bytes.set(part, at)
    at += part.length
  }
  writePreviousTagSize(bytes, at, bodyBytes)
  return bytes
}

function joined(parts: readonly Uint8Array[]): Uint8Array {
  const bytes = new Uint8Array(partsBytes(parts))
  let at = 0
  for (const part of parts) {
    bytes.set(part, at)
    at += part.length
  }
  return bytes
}
