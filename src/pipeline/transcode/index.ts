export type { AssetSink } from './assets/paced-sink.ts'
export { type AssetOptions, transcodeAsset } from './assets/transcode-asset.ts'
export type { PictureFormat } from './channel/job-messages.ts'
export { type DemoPublication, DemoPublisher, type DemoPublisherOptions } from './demo/demo-publisher.ts'
export { LoadGovernor, SHED, type ShedDecision } from './governor/load-governor.ts'
export type { CodecTotals } from './ladder/codec-counters.ts'
export { LadderService, type LadderServiceOptions } from './ladder/ladder-service.ts'
export type { RenditionPublication } from './ladder/rendition.ts'
export type { LadderReport } from './ladder/source-ladder.ts'
export { type CodecAvailability, codecAvailability } from './parent/codec-availability.ts'
export type { CodecJob, JobEnd, JobOrder, JobSink } from './parent/codec-job.ts'
export { CodecProcess, type CodecProcessOptions } from './parent/codec-process.ts'
export { type CodecUsage, CodecUse } from './parent/codec-use.ts'
export { missingCodecs } from './parent/library.ts'
export {
  SnapshotService,
  type SnapshotServiceOptions,
  type SnapshotSource,
  type TileSource,
} from './snapshots/snapshot-service.ts'
