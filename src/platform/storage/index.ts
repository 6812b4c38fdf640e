export type { BlobStore, BlobWriter, StoredBlob } from './blob-store.ts'
export type {
  Catalog,
  InitFact,
  KeyframeFact,
  RecordingDetail,
  RecordingFact,
  RecordingStart,
  RecordingSummary,
  SegmentFact,
  SessionFact,
  TrackFact,
} from './catalog.ts'
export { DiskBlobStore } from './disk/disk-blob-store.ts'

import type { Catalog } from './catalog.ts'

/** One SQLite file. Loaded when it is opened: the media workers share this folder and need no database. */
export async function openSqliteCatalog(path: string): Promise<Catalog> {
  return (await import('./sqlite/open-sqlite-catalog.ts')).openSqliteCatalog(path)
}
