/**
 * What a Media Presentation Description says. Names follow the elements and attributes of ISO/IEC 23009-1, clause 5;
 * times are milliseconds, wall clock times milliseconds since 1970.
 */
export type Mpd = {
  readonly periods: readonly MpdPeriod[]
  readonly minBufferTimeMs: number
  readonly maxSegmentDurationMs?: number
  readonly serviceDescription?: MpdServiceDescription
} & (MpdLive | MpdStatic)

/** ISO/IEC 23009-1, 5.3.1.2. */
export type MpdLive = {
  readonly type: 'dynamic'
  /** Wall clock of time 0 of the presentation. */
  readonly availabilityStartTimeMs: number
  readonly publishTimeMs: number
  readonly minimumUpdatePeriodMs: number
  readonly timeShiftBufferDepthMs: number
  readonly suggestedPresentationDelayMs: number
  readonly utcTiming: MpdUtcTiming
}
export type MpdStatic = { readonly type: 'static'; readonly mediaPresentationDurationMs: number }

/** ISO/IEC 23009-1, 5.8.4.11. */
export type MpdUtcTiming = { readonly schemeIdUri: string; readonly value: string }

/** ISO/IEC 23009-1, annex K. */
export type MpdServiceDescription = {
  readonly latency: { readonly targetMs: number; readonly minMs: number; readonly maxMs: number }
  readonly playbackRate: { readonly min: number; readonly max: number }
}

/** ISO/IEC 23009-1, 5.3.2. */
export type MpdPeriod = {
  readonly id: string
  readonly startMs: number
  readonly adaptationSets: readonly MpdAdaptationSet[]
}

/** ISO/IEC 23009-1, 5.3.3. */
export type MpdAdaptationSet = {
  readonly id: number
  readonly contentType: 'video' | 'audio' | 'image'
  readonly lang?: string
  /** What players choose where nobody does. */
  readonly isMain?: boolean
  /** Every segment starts with a key frame in presentation order. */
  readonly startWithSap?: 1 | 2
  readonly producerReferenceTime?: MpdProducerReferenceTime
  /** Every segment is an image with so many pictures. DASH-IF IOP, thumbnail_tile. */
  readonly tiles?: { readonly columns: number; readonly rows: number }
  /** Keyframes only, of the set with this id, for fast playback. DASH-IF IOP, trickmode. */
  readonly trickModeOf?: number
  readonly representations: readonly MpdRepresentation[]
}

/** When a moment of the media passed the server. ISO/IEC 23009-1, 5.12. */
export type MpdProducerReferenceTime = { readonly wallClockTimeMs: number; readonly presentationTimeTicks: number }

/** ISO/IEC 23009-1, 5.3.5. */
export type MpdRepresentation = {
  readonly id: string
  readonly bandwidthBps: number
  /** RFC 6381; none of images. */
  readonly codecs?: string
  readonly widthPx?: number
  readonly heightPx?: number
  readonly frameRate?: number
  readonly audioSamplingRateHz?: number
  readonly channelCount?: number
  /** Every picture can be decoded by itself, so that so many times normal speed are possible. ISO/IEC 23009-1, 5.3.5.2. */
  readonly maxPlayoutRate?: number
  readonly template: MpdSegmentTemplate
}

/** ISO/IEC 23009-1, 5.3.9.4. */
export type MpdSegmentTemplate = {
  readonly timescaleHz: number
  /** None of images. */
  readonly initialization?: string
  /** With `$Number$` or `$Time$`. */
  readonly media: string
  readonly startNumber: number
  /** Media time of the period's start. */
  readonly presentationTimeOffsetTicks: number
  readonly segments: MpdTimeline | MpdNominal
}
/** ISO/IEC 23009-1, 5.3.9.6. */
export type MpdTimeline = {
  readonly kind: 'timeline'
  readonly entries: readonly MpdTimelineEntry[]
  /** How much before its end a segment can be asked for: whole, the server waits for it. */
  readonly availabilityTimeOffsetMs?: number
}
export type MpdTimelineEntry = { readonly startTicks: number; readonly durationTicks: number }

/** Segments of one length. ISO/IEC 23009-1, 5.3.9.2. */
export type MpdNominal = {
  readonly kind: 'nominal'
  readonly durationTicks: number
  /** How much before its end a segment can be asked for. */
  readonly availabilityTimeOffsetMs?: number
  /** It is sent while it is written; else the server waits until it is whole. */
  readonly isChunked?: boolean
  /** Longest time between two chunks. ISO/IEC 23009-1, 5.3.12. */
  readonly resyncTicks?: number
}
