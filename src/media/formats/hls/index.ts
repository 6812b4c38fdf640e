export { formatMediaPlaylist } from './format-media-playlist.ts'
export { formatMultivariantPlaylist } from './format-multivariant-playlist.ts'
export { parseMediaPlaylist } from './parse-media-playlist.ts'
export type {
  HlsAudioRendition,
  HlsByteRange,
  HlsIFrameVariant,
  HlsMap,
  HlsMediaPlaylist,
  HlsMultivariantPlaylist,
  HlsOpenSegment,
  HlsPart,
  HlsRenditionReport,
  HlsSegment,
  HlsVariant,
} from './playlist.ts'
