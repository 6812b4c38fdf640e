import type { BlobStore, Catalog } from '../../../platform/storage/index.ts'
import type { Logger } from '../../../platform/telemetry/index.ts'

/**
 * Removes what imports have left that failed, or that a killed server was at: their recordings are open, and no import
 * is under way. The bytes go first: what a kill interrupts is still open, and removed the next time. Rejects with
 * UnavailableError.
 */
export async function removeImports(catalog: Catalog, store: BlobStore, log: Logger): Promise<void> {
  for (const { id, stream, isImport } of await catalog.recordings({ isOpen: true })) {
    if (!isImport) continue
    const blobs = await store.list(`recordings/${stream}/${id}`)
    for (const { key } of blobs) await store.delete(key)
    await catalog.recordingRemoved(id)
    log.info('recording.removed', { stream, recording: id, reason: 'its import did not come to an end' })
  }
}
