import assert from 'node:assert/strict'
import { mkdtempSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { test } from 'node:test'
import { DiskBlobStore, openSqliteCatalog } from './index.ts'
import { blobStoreContract } from './testing/blob-store-contract.ts'
import { catalogContract } from './testing/catalog-contract.ts'

blobStoreContract('disk', async () => {
  const folder = mkdtempSync(join(tmpdir(), 'millrace-blobs-'))
  return { store: new DiskBlobStore(folder), close: async () => rmSync(folder, { recursive: true }) }
})
catalogContract('sqlite', () => openSqliteCatalog(':memory:'))

test('a catalogue that cannot be written is an UnavailableError that says what to set', async () => {
  await assert.rejects(openSqliteCatalog(join(import.meta.filename, 'catalog.sqlite')), {
    code: 'unavailable',
    message: /storage\.path/,
  })
})
