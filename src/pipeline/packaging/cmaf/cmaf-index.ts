import type { CmafRecord, CmafTrackInfo, PlacedRecord } from './cmaf-record.ts'

/** Positions [from, to) in the CMAF log. */
export type LogRange = readonly [from: number, to: number]

export type IndexedSegment = {
  readonly sequence: number
  readonly initId: number
  readonly startTicks: number
  readonly durationTicks: number
  readonly discontinuity: boolean
  readonly byteLength: number
  readonly epochMs: number
  readonly ranges: readonly LogRange[]
}

export type IndexedTrack = {
  info: CmafTrackInfo
  readonly inits: Map<number, Uint8Array>
  /** Oldest first. Longer than the playlist: the last ones to slide out can still be fetched. */
  readonly segments: IndexedSegment[]
  /** Discontinuities in front of `segments`. */
  discontinuitySequence: number
  openRanges: LogRange[]
}

/** Segments that stay fetchable after they left the playlist, for players that are a little behind. */
const GRACE_SEGMENTS = 3

/**
 * What the CMAF log amounts to: the window of segments of each track. Every worker that reads the log keeps its own,
 * by the same records.
 */
export class CmafIndex {
  readonly tracks = new Map<number, IndexedTrack>()
  readonly windowSegments: number
  /** Part of every segment's address: a stream that starts anew must not meet its old segments in a cache. */
  readonly life: string
  ended = false
  /** Goes up with every change that a playlist shows. */
  version = 0

  constructor(windowSegments: number, life: string) {
    this.windowSegments = windowSegments
    this.life = life
  }

  apply({ record, payloadFrom, next }: PlacedRecord, payload: () => Uint8Array): void {
    if (record.type === 'tracks') this.#setTracks(record.tracks)
    else if (record.type === 'init') this.tracks.get(record.trackId)?.inits.set(record.initId, payload())
    else if (record.type === 'chunk') this.tracks.get(record.trackId)?.openRanges.push([payloadFrom, next])
    else if (record.type === 'segment') this.#close(record)
    else this.ended = true
    if (record.type !== 'chunk') this.version++
  }

  /** The segments of the playlist: the newest ones. */
  listed(track: IndexedTrack): readonly IndexedSegment[] {
    return this.ended ? track.segments : track.segments.slice(-this.windowSegments)
  }

  /** The lowest position that a segment still needs; `head` when there is none. */
  lowestPosition(head: number): number {
    let lowest = head
    for (const track of this.tracks.values()) {
      const first = track.segments[0]?.ranges[0] ?? track.openRanges[0]
      if (first && first[0] < lowest) lowest = first[0]
    }
    return lowest
  }

  toSnapshot(): Uint8Array {
    const tracks = [...this.tracks.values()].map((track) => ({
      ...track,
      inits: [...track.inits].map(([id, bytes]) => [id, Buffer.from(bytes).toString('base64')]),
    }))
    return Buffer.from(JSON.stringify({ tracks, life: this.life, ended: this.ended, version: this.version }))
  }
  static fromSnapshot(bytes: Uint8Array, windowSegments: number): CmafIndex {
    const state = JSON.parse(Buffer.from(bytes).toString()) as SnapshotJson
    const index = new CmafIndex(windowSegments, state.life)
    for (const track of state.tracks) {
      const inits = new Map(track.inits.map(([id, text]) => [id, new Uint8Array(Buffer.from(text, 'base64'))]))
      index.tracks.set(track.info.id, { ...track, inits })
    }
    index.ended = state.ended
    index.version = state.version
    return index
  }

  #setTracks(infos: readonly CmafTrackInfo[]): void {
    for (const info of infos) {
      const known = this.tracks.get(info.id)
      if (known) known.info = info
      else {
        const fresh = { info, inits: new Map(), segments: [], discontinuitySequence: 0, openRanges: [] }
        this.tracks.set(info.id, fresh)
      }
    }
    const kept = new Set(infos.map((info) => info.id))
    for (const id of this.tracks.keys()) if (!kept.has(id)) this.tracks.delete(id)
  }

  #close(record: Extract<CmafRecord, { type: 'segment' }>): void {
    const track = this.tracks.get(record.trackId)
    if (!track) return
    track.segments.push({ ...record, ranges: track.openRanges })
    track.openRanges = []
    while (track.segments.length > this.windowSegments + GRACE_SEGMENTS) {
      if (track.segments.shift()?.discontinuity) track.discontinuitySequence++
    }
    const used = new Set(track.segments.map((segment) => segment.initId)).add(record.initId)
    for (const id of track.inits.keys()) if (id < Math.min(...used)) track.inits.delete(id)
  }
}

type SnapshotJson = {
  readonly tracks: readonly (Omit<IndexedTrack, 'inits'> & { readonly inits: readonly [number, string][] })[]
  readonly life: string
  readonly ended: boolean
  readonly version: number
}
