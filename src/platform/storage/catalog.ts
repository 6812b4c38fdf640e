/** Facts about streams, sessions and recordings. Times are milliseconds since 1970. */
export interface Catalog extends AsyncDisposable {
  sessionStarted(session: SessionFact): Promise<void>
  sessionEnded(id: string, endedMs: number, reason: string): Promise<void>
  recordingStarted(recording: RecordingStart): Promise<void>
  recordingEnded(id: string, endedMs: number): Promise<void>
  /** Forgets the recording and all that it holds. Its bytes must be gone by then. */
  recordingRemoved(id: string): Promise<void>
  /** Tracks of a recording as they are now. */
  setTracks(recordingId: string, tracks: readonly TrackFact[]): Promise<void>
  initStored(init: InitFact): Promise<void>
  /** The segment's bytes are durable. */
  segmentStored(segment: SegmentFact): Promise<void>
  recordings(filter?: { readonly stream?: string; readonly isOpen?: true }): Promise<RecordingSummary[]>
  /** Of a stream, those that have something of a time, oldest first. */
  recordingsBetween(stream: string, fromMs: number, toMs: number): Promise<RecordingFact[]>
  /** Undefined where there is none. */
  recording(id: string): Promise<RecordingDetail | undefined>
  setting(key: string): Promise<string | undefined>
  setSetting(key: string, value: string): Promise<void>
}

export type SessionFact = {
  readonly id: string
  readonly stream: string
  readonly protocol: string
  readonly remoteAddress: string
  readonly agent: string | undefined
  readonly startedMs: number
}
export type RecordingFact = {
  readonly id: string
  readonly stream: string
  readonly startedMs: number
  /** Undefined while it is being written. */
  readonly endedMs: number | undefined
  /** Of a file that is taken in: worth nothing unless it is whole, and made again from the file. */
  readonly isImport?: boolean
}
export type RecordingStart = Pick<RecordingFact, 'id' | 'stream' | 'startedMs' | 'isImport'>
export type TrackFact = {
  readonly trackId: number
  readonly kind: 'video' | 'audio'
  readonly codec: string
  readonly codecString: string
  readonly clockRateHz: number
  readonly widthPx?: number
  readonly heightPx?: number
  readonly frameRate?: number
  readonly videoRange?: 'hlg' | 'pq'
  readonly sampleRateHz?: number
  readonly channelCount?: number
  readonly language?: string
}
export type InitFact = {
  readonly recordingId: string
  readonly trackId: number
  readonly initId: number
  readonly key: string
  /** What it describes; absent where it was stored by an older version, or found again. */
  readonly track?: TrackFact
}
export type KeyframeFact = { readonly ticks: number; readonly offsetBytes: number; readonly sizeBytes: number }
export type SegmentFact = {
  readonly recordingId: string
  readonly trackId: number
  readonly sequence: number
  readonly initId: number
  readonly key: string
  readonly startTicks: number
  readonly durationTicks: number
  readonly discontinuity: boolean
  readonly byteLength: number
  /** Wall clock of the first sample. */
  readonly epochMs: number
  readonly keyframes: readonly KeyframeFact[]
  /** EXT-X-TARGETDURATION of what it was recorded with; absent where an older version stored it, or it was found again. */
  readonly targetSeconds?: number
}
export type RecordingSummary = RecordingFact & {
  readonly tracks: readonly TrackFact[]
  readonly durationSeconds: number
  readonly byteLength: number
}
export type RecordingDetail = RecordingFact & {
  readonly tracks: readonly TrackFact[]
  readonly inits: readonly InitFact[]
  /** By track, then sequence. */
  readonly segments: readonly SegmentFact[]
}
