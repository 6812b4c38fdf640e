export type { BlobStore, BlobWriter, StoredBlob } from './blob-store.ts'
export type {
  Catalog,
  InitFact,
  KeyframeFact,
  RecordingDetail,
  RecordingFact,
  RecordingSummary,
  SegmentFact,
  SessionFact,
  TrackFact,
} from './catalog.ts'
export { DiskBlobStore } from './disk/disk-blob-store.ts'
export { openSqliteCatalog } from './sqlite/open-sqlite-catalog.ts'
