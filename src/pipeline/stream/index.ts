export type {
  DirectoryEntry,
  Peer,
  PeerMethods,
  PublishGrant,
  PublishRequest,
  SharedOutput,
  StreamDirectory,
} from './hub/messages.ts'
export { OwnedStream, type StreamOutput } from './hub/owned-stream.ts'
export { Publication } from './hub/publication.ts'
export { type HubOptions, StreamHub } from './hub/stream-hub.ts'
export { Subscription } from './hub/subscription.ts'
export type { StartPoint } from './live/kept-joins.ts'
export { type FrameContext, LiveStream, type StreamConsumer, type TrackStats } from './live/live-stream.ts'
export { RateMeter } from './live/rate-meter.ts'
export { MAX_READERS } from './log/control-block.ts'
export { FrameLogWriter } from './log/frame-log.ts'
export { LogImports, type LogMessage, openLocalLog, type SharedLog, shareLog } from './log/log-exchange.ts'
export { type JoinPoint, LogReader } from './log/log-reader.ts'
export { type LogHandle, type LogObserver, type LogSegment, LogWriter, type Preamble } from './log/log-writer.ts'
export { SegmentPool } from './log/segment-pool.ts'
export {
  DEFAULT_AUDIO_BPS,
  isRecorded,
  type PlannedRung,
  plannedRungs,
  RENDITION_TRACKS,
  renditionName,
  renditionParts,
  reservedFor,
} from './renditions/planned-rungs.ts'
export { prefixTo } from './renditions/prefix-to.ts'
