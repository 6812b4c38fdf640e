import { type Frame, rescaleTicks, sameConfiguration, type Track } from '../../model/index.ts'
import { needsSequenceStart } from './codec-ids.ts'
import { PACKET_TYPE } from './ex-packet.ts'
import { FLV_TAG_TYPE, type FlvTag, type FlvTagType } from './flv-tag.ts'
import { writeMetadata } from './metadata.ts'
import { SEQUENCE_START_FROM_RECORD } from './sequence-start.ts'
import { canCarry, MAX_BODY_HEADER_BYTES, type TrackPlace, writeBodyHeader } from './tag-body.ts'

export type FlvTagMuxerOptions = {
  /** `encoder` of onMetaData; Millrace where absent. */
  readonly encoder?: string
}

const MS_HZ = 1000

/**
 * Frames → tag bodies, for FLV and RTMP alike. The first track of each kind is plain, in classic form for H.264, AAC,
 * MP3 and G.711 and in enhanced form else; the tracks behind it are Multitrack OneTrack packets with trackId 1, 2, ….
 * Times are dts and pts rounded to the nearest millisecond and never below 0.
 */
export class FlvTagMuxer {
  readonly #encoder: string
  readonly #scratch = new Uint8Array(MAX_BODY_HEADER_BYTES)
  #places: ReadonlyMap<number, TrackPlace> = new Map()
  #tracks: readonly Track[] = []
  #hasTracks = false
  #lastMs = 0

  constructor(options: FlvTagMuxerOptions = {}) {
    this.#encoder = options.encoder ?? 'Millrace'
  }

  /** The tracks that are carried, in the order given. */
  get tracks(): readonly Track[] {
    return this.#tracks
  }

  /**
   * The tags that readers already in the stream need: metadata and the sequence starts of new and changed tracks, at
   * the time of the last frame; none at the first call. Valid for good.
   */
  setTracks(tracks: readonly Track[]): FlvTag[] {
    const before = this.#places
    const isFirst = !this.#hasTracks
    this.#places = placesOf(tracks)
    this.#tracks = tracks.filter((track) => this.#places.has(track.id))
    this.#hasTracks ||= tracks.length > 0
    if (isFirst) return []
    const changed = [...this.#places.values()].filter((place) => !isSamePlace(before.get(place.track.id), place))
    if (changed.length === 0) return []
    return [this.#metadata(this.#lastMs), ...this.#sequenceStarts(changed, this.#lastMs)]
  }

  /** onMetaData for a reader that begins; time 0. Valid for good. */
  metadataTag(): FlvTag {
    return this.#metadata(0)
  }

  /** Sequence starts of all tracks that have one; time 0. Valid for good. */
  sequenceTags(): FlvTag[] {
    return this.#sequenceStarts([...this.#places.values()], 0)
  }

  /** Parts are a header that is valid until the next call, and `frame.data` itself. Undefined for unknown tracks. */
  frameTag(frame: Frame): FlvTag | undefined {
    const place = this.#places.get(frame.trackId)
    if (place === undefined) return undefined
    const clockHz = place.track.clockRateHz
    const timestampMs = Math.max(0, rescaleTicks(frame.dtsTicks, clockHz, MS_HZ))
    const compositionMs = rescaleTicks(frame.ptsTicks, clockHz, MS_HZ) - timestampMs
    const packetType = PACKET_TYPE.codedFrames
    const bytes = writeBodyHeader(this.#scratch, place, { packetType, isKey: frame.isKey, compositionMs })
    this.#lastMs = Math.max(this.#lastMs, timestampMs)
    return {
      type: tagType(place.track),
      timestampMs: wrapped(timestampMs),
      parts: [this.#scratch.subarray(0, bytes), frame.data],
    }
  }

  #metadata(timestampMs: number): FlvTag {
    const parts = [writeMetadata(this.#tracks, this.#encoder)]
    return { type: FLV_TAG_TYPE.script, timestampMs: wrapped(timestampMs), parts }
  }

  #sequenceStarts(places: readonly TrackPlace[], timestampMs: number): FlvTag[] {
    return places.filter(hasSequenceStart).map((place) => {
      const { track } = place
      const header = new Uint8Array(MAX_BODY_HEADER_BYTES)
      const packetType = PACKET_TYPE.sequenceStart
      const bytes = writeBodyHeader(header, place, { packetType, isKey: true, compositionMs: 0 })
      const record = SEQUENCE_START_FROM_RECORD[track.codec](track.config)
      return { type: tagType(track), timestampMs: wrapped(timestampMs), parts: [header.subarray(0, bytes), record] }
    })
  }
}

function placesOf(tracks: readonly Track[]): ReadonlyMap<number, TrackPlace> {
  const places = new Map<number, TrackPlace>()
  const next = { video: 0, audio: 0 }
  for (const track of tracks) {
    const place = { track, index: next[track.kind] }
    if (!canCarry(place)) continue
    next[track.kind]++
    places.set(track.id, place)
  }
  return places
}

function isSamePlace(before: TrackPlace | undefined, now: TrackPlace): boolean {
  return before !== undefined && before.index === now.index && sameConfiguration(before.track, now.track)
}

/** MP3 and AC-3 describe themselves; VP8 and VP9 records help players that set up a decoder early. */
function hasSequenceStart({ track }: TrackPlace): boolean {
  return track.config.length > 0 && (needsSequenceStart(track.codec) || track.kind === 'video')
}

function tagType(track: Track): FlvTagType {
  return FLV_TAG_TYPE[track.kind]
}

function wrapped(timestampMs: number): number {
  return timestampMs % 2 ** 32
}
