/** What a media playlist says. Field names follow the tags of RFC 8216bis, section 4. */
export type HlsMediaPlaylist = {
  /** `live` slides, `event` only grows, `vod` is complete. RFC 8216bis, 4.4.3.5. */
  readonly type: 'live' | 'event' | 'vod'
  /** At least this many seconds as EXT-X-TARGETDURATION, which must not change while a playlist is live. */
  readonly targetDurationSeconds?: number
  /** Media sequence number of the first segment. */
  readonly mediaSequence: number
  /** Discontinuities that have slid out of the playlist. */
  readonly discontinuitySequence?: number
  /** Every segment starts with a key frame. */
  readonly independentSegments: boolean
  /** No segment will be added. Always so for `vod`. */
  readonly isEnded: boolean
  readonly segments: readonly HlsSegment[]
  /** Every segment is one key frame. RFC 8216bis, 4.4.3.6. */
  readonly iFramesOnly?: boolean
  /** Every segment is a tile of thumbnails, by the image media playlist specification: EXT-X-IMAGES-ONLY, EXT-X-TILES. */
  readonly tiles?: HlsTiles
  /** EXT-X-PART-INF: longest partial segment. RFC 8216bis, 4.4.3.7. */
  readonly partTargetMs?: number
  readonly serverControl?: HlsServerControl
  readonly start?: HlsStart
  /** Segments from the first on that a delta update leaves out of `segments`. RFC 8216bis, 4.4.5.2. */
  readonly skippedSegments?: number
  /** The segment that is being written, as far as it has come. */
  readonly open?: HlsOpenSegment
  /** Address of the next partial segment. RFC 8216bis, 4.4.5.3. */
  readonly preloadHint?: string
  readonly renditionReports?: readonly HlsRenditionReport[]
}

/** Pictures in rows, from the top left on. */
export type HlsTiles = {
  /** Of one picture. */
  readonly resolution: { readonly widthPx: number; readonly heightPx: number }
  readonly columns: number
  readonly rows: number
  readonly pictureMs: number
}

/** RFC 8216bis, 4.4.3.8. */
export type HlsServerControl = {
  readonly canBlockReload?: boolean
  readonly holdBackMs?: number
  readonly partHoldBackMs?: number
  readonly canSkipUntilMs?: number
}

/** Where players should start; negative offsets count from the end. RFC 8216bis, 4.4.2.2. */
export type HlsStart = { readonly timeOffsetMs: number; readonly precise: boolean }

/** Its parts are at least one. */
export type HlsOpenSegment = Pick<HlsSegment, 'discontinuity' | 'map' | 'programDateTimeMs'> & {
  readonly parts: readonly HlsPart[]
}

/** How far another playlist of the presentation has come. RFC 8216bis, 4.4.5.4. */
export type HlsRenditionReport = { readonly uri: string; readonly lastMsn: number; readonly lastPart?: number }

/** A formatter may keep what it has made of a segment: treat as immutable. */
export type HlsSegment = {
  readonly uri: string
  /** May have a fraction. */
  readonly durationMs: number
  readonly byteRange?: HlsByteRange
  /** The segment does not continue the one before. */
  readonly discontinuity?: boolean
  /** Initialization segment; written where it is not that of the segment before. */
  readonly map?: HlsMap
  /** Wall clock of the segment's first sample, milliseconds since 1970. */
  readonly programDateTimeMs?: number
  /** The segment is known to be missing. */
  readonly gap?: boolean
  /** Partial segments, all of them. RFC 8216bis, 4.4.4.9. */
  readonly parts?: readonly HlsPart[]
}

export type HlsByteRange = { readonly offsetBytes: number; readonly lengthBytes: number }
export type HlsMap = { readonly uri: string; readonly byteRange?: HlsByteRange }
export type HlsPart = {
  readonly uri: string
  readonly durationMs: number
  /** Starts with a key frame. */
  readonly independent: boolean
  readonly byteRange?: HlsByteRange
}

/** What a multivariant playlist says. RFC 8216bis, 4.4.6. */
export type HlsMultivariantPlaylist = {
  readonly independentSegments: boolean
  readonly variants: readonly HlsVariant[]
  readonly audio: readonly HlsAudioRendition[]
  readonly iFrames?: readonly HlsIFrameVariant[]
  readonly images?: readonly HlsImageVariant[]
  readonly captions?: readonly HlsClosedCaptions[]
}

/** A playlist of tiles: EXT-X-IMAGE-STREAM-INF. `resolution` is that of one picture. */
export type HlsImageVariant = Pick<HlsVariant, 'uri' | 'bandwidthBps' | 'codecs' | 'resolution'>

/** A playlist of key frames for trick play. RFC 8216bis, 4.4.6.3. */
export type HlsIFrameVariant = Pick<HlsVariant, 'uri' | 'bandwidthBps' | 'codecs' | 'resolution' | 'videoRange'>

export type HlsVariant = {
  readonly uri: string
  /** Peak and mean, including the audio that is played along. */
  readonly bandwidthBps: number
  readonly averageBandwidthBps?: number
  /** RFC 6381, of everything the variant plays, its audio group included. */
  readonly codecs: readonly string[]
  readonly resolution?: { readonly widthPx: number; readonly heightPx: number }
  readonly frameRate?: number
  /** SDR where it is absent. */
  readonly videoRange?: 'hlg' | 'pq'
  /** GROUP-ID of the audio renditions that go with it. */
  readonly audioGroup?: string
  /** GROUP-ID of the closed captions in its video; `none`: it is known that there are none. The same in all variants. */
  readonly closedCaptions?: 'none' | { readonly groupId: string }
}

/** Captions inside the video. RFC 8216bis, 4.4.6.1. */
export type HlsClosedCaptions = {
  readonly groupId: string
  readonly name: string
  /** INSTREAM-ID: `CC1` to `CC4` or `SERVICE1` to `SERVICE63`. */
  readonly instreamId: string
  readonly isDefault: boolean
}

export type HlsAudioRendition = {
  readonly groupId: string
  readonly name: string
  /** Absent where the variant's own playlist holds this rendition. */
  readonly uri?: string
  /** BCP 47. */
  readonly language?: string
  readonly channelCount?: number
  readonly isDefault: boolean
  readonly autoselect: boolean
}
