export { type Box, type BoxHeader, readBoxes, readBoxHeader } from './box.ts'
export type { CmafChunk, CmafKeyframe, CmafSegment, CmafSink } from './cmaf-output.ts'
export { CmafSegmenter, type CmafSegmenterOptions, silentAfterMs } from './cmaf-segmenter.ts'
export { CopySlabs } from './copy-slabs.ts'
export { Fmp4Demuxer } from './demuxer.ts'
export { writeEmptyFragment } from './empty-fragment.ts'
export { type CmafSample, type FragmentRun, writeFragment } from './fragment.ts'
export { FragmentRetimer } from './fragment-retimer.ts'
export { writeInitSegment } from './init-segment.ts'
export { keyFragmentBytes, writeKeyFragment } from './key-fragment.ts'
export { Fmp4Muxer } from './muxer.ts'
export { layoutProgressive, type ProgressiveExtent, type ProgressiveLayout } from './progressive.ts'
export {
  type FragmentDataRun,
  type FragmentDefaults,
  type FragmentSample,
  readMoof,
  type TrackFragment,
} from './read-fragment.ts'
export { type MovieTrack, readInitSegment, readMovie, type TrackExtends } from './read-movie.ts'
export type { ProgressiveChunk, ProgressiveTrack, SampleTable } from './sample-table.ts'
