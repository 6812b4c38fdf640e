export type { HeldChunk } from './cmaf/chunk-holds.ts'
export { CmafIndex, type CmafIndexOptions, type LadderShift } from './cmaf/cmaf-index.ts'
export { type ChunkFacts, CmafOutput, type CmafOutputOptions, type CmafTap, TAP_SLOT } from './cmaf/cmaf-output.ts'
export { type CmafTrackInfo, decodeCmafRecord } from './cmaf/cmaf-record.ts'
export {
  codecStringsOf,
  endMsOf,
  type IndexedPart,
  type IndexedRun,
  type IndexedSegment,
  type IndexedTrack,
  infoOf,
  msOf,
  type OpenSegment,
  onGrid,
  type RunStart,
  startMsOf,
} from './cmaf/indexed-segment.ts'
export {
  adaptationSet,
  type KeySegment,
  type MpdTrack,
  NEARLY_MS,
  representation,
  trickSet,
  UTC_QUERY,
  UTC_TIMING,
} from './dash/adaptation-sets.ts'
export { type Fix, type Misfit, misfit } from './fitted/carried-codecs.ts'
export { type FitOptions, FittedOutput, type Substitute } from './fitted/fitted-output.ts'
export { SoundBeside } from './fitted/sound-beside.ts'
export {
  CMAF_FORMAT,
  orderedFormat,
  type PictureOrdering,
  type RtmpPlayerKind,
  rtmpFormat,
  webSocketFormat,
} from './format-names.ts'
export { makeByteOutput, makeRetimer, PROGRESSIVE_FORMATS, type ProgressiveFormat } from './formats.ts'
export {
  isTileFile,
  isTileOf,
  liveTilePrefix,
  type PictureSize,
  parseTileFile,
  placedKeyframes,
  splitLiveTileFile,
  type TileAnchors,
  type TileLayout,
  type TilePlace,
  tileBitsPerSecond,
  tileCell,
  tileFile,
  tileMs,
  tilesOf,
} from './tiles/tile-grid.ts'
export {
  imageVariant,
  listedTiles,
  TILE_PLAYLIST,
  type TiledRun,
  tilePlaylist,
  tileSet,
} from './tiles/tile-lists.ts'
export { type TileKeyframe, type TilePictures, tilePictures } from './tiles/tile-pictures.ts'
