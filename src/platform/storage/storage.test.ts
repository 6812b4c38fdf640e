import assert from 'node:assert/strict'
import { mkdtempSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { DatabaseSync } from 'node:sqlite'
import { test } from 'node:test'
import { DiskBlobStore, openSqliteCatalog } from './index.ts'
import { blobStoreContract } from './testing/blob-store-contract.ts'
import { catalogContract } from './testing/catalog-contract.ts'

blobStoreContract('disk', async () => {
  const folder = mkdtempSync(join(tmpdir(), 'millrace-blobs-'))
  return { store: new DiskBlobStore(folder), close: async () => rmSync(folder, { recursive: true }) }
})
catalogContract('sqlite', () => openSqliteCatalog(':memory:'))

test('a catalogue of an earlier version is read, and takes what it did not know', async () => {
  const folder = mkdtempSync(join(tmpdir(), 'millrace-catalogue-'))
  const path = join(folder, 'catalogue.sqlite')
  try {
    const before = new DatabaseSync(path)
    before.exec(`create table inits (
      recording_id text not null, track_id integer not null, init_id integer not null, blob_key text not null,
      primary key (recording_id, track_id, init_id));
      create table segments (
        recording_id text not null, track_id integer not null, sequence integer not null, init_id integer not null,
        blob_key text not null, start_ticks integer not null, duration_ticks integer not null,
        discontinuity integer not null, byte_length integer not null, epoch_ms integer not null,
        keyframes text not null, primary key (recording_id, track_id, sequence));
      insert into inits values ('r1', 1, 0, 'r1/init');
      insert into segments values ('r1', 1, 7, 0, 'r1/7', 0, 1, 0, 2, 3, '[]')`)
    before.close()
    for (const _ of ['first start', 'second']) {
      await using catalog = await openSqliteCatalog(path)
      if (_ === 'first start') await catalog.recordingStarted({ id: 'r1', stream: 'live/a', startedMs: 1 })
      assert.deepEqual((await catalog.recording('r1'))?.inits, [
        { recordingId: 'r1', trackId: 1, initId: 0, key: 'r1/init' },
      ])
      const [segment] = (await catalog.recording('r1'))?.segments ?? []
      assert.deepEqual([segment?.sequence, segment?.targetSeconds], [7, undefined])
    }
  } finally {
    rmSync(folder, { recursive: true })
  }
})

test('a catalogue that cannot be written is an UnavailableError that says what to set', async () => {
  await assert.rejects(openSqliteCatalog(join(import.meta.filename, 'catalog.sqlite')), {
    code: 'unavailable',
    message: /storage\.path/,
  })
})
