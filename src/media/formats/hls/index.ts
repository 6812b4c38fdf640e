export { formatMediaPlaylist } from './format-media-playlist.ts'
export { formatMultivariantPlaylist } from './format-multivariant-playlist.ts'
export { parseMediaPlaylist } from './parse-media-playlist.ts'
export { peakBitRate } from './peak-bit-rate.ts'
export type {
  HlsAudioRendition,
  HlsByteRange,
  HlsClosedCaptions,
  HlsIFrameVariant,
  HlsImageVariant,
  HlsMap,
  HlsMediaPlaylist,
  HlsMultivariantPlaylist,
  HlsOpenSegment,
  HlsPart,
  HlsRenditionReport,
  HlsSegment,
  HlsServerControl,
  HlsTiles,
  HlsVariant,
} from './playlist.ts'
