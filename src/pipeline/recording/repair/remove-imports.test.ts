import assert from 'node:assert/strict'
import { mkdtempSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { test } from 'node:test'
import { type BlobStore, DiskBlobStore, openSqliteCatalog } from '../../../platform/storage/index.ts'
import { makeLogger } from '../../../platform/telemetry/index.ts'
import { removeImports } from './remove-imports.ts'

const LOG = makeLogger(() => {})
const RECORDINGS = [
  { id: 'whole', stream: 'assets/a', isImport: true, isOpen: false },
  { id: 'half', stream: 'assets/a', isImport: true, isOpen: true },
  { id: 'live', stream: 'live/a', isImport: false, isOpen: true },
] as const

/** Three recordings with two segments each, of which the second is still being written where the recording is open. */
async function fill() {
  const folder = mkdtempSync(join(tmpdir(), 'millrace-imports-'))
  const store = new DiskBlobStore(folder)
  const catalog = await openSqliteCatalog(join(folder, 'catalog.sqlite'))
  for (const { id, stream, isImport, isOpen } of RECORDINGS) {
    await catalog.recordingStarted({ id, stream, startedMs: 1, isImport })
    for (const file of ['t1-00000000.m4s', 't1-00000001.m4s']) {
      const writer = await store.create(`recordings/${stream}/${id}/${file}`)
      await writer.append([Uint8Array.of(1)])
      if (!isOpen || file.includes('00.m4s')) await writer.commit()
    }
    if (!isOpen) await catalog.recordingEnded(id, 2)
  }
  const left = async () => {
    const stored = await store.list('recordings')
    return {
      listed: (await catalog.recordings()).map(({ id }) => id).sort(),
      stored: stored.map(({ key, isPartial }) => `${key.split('/').slice(3).join(' ')}${isPartial ? ' …' : ''}`).sort(),
    }
  }
  const dispose = async () => {
    await catalog[Symbol.asyncDispose]()
    rmSync(folder, { recursive: true })
  }
  return { store, catalog, left, [Symbol.asyncDispose]: dispose }
}
const KEPT = {
  listed: ['live', 'whole'],
  stored: ['live t1-00000000.m4s', 'live t1-00000001.m4s …', 'whole t1-00000000.m4s', 'whole t1-00000001.m4s'],
}

test('what an import has left that did not end is removed; whole imports and live recordings stay', async () => {
  await using filled = await fill()
  await removeImports(filled.catalog, filled.store, LOG)
  assert.deepEqual(await filled.left(), KEPT)
})

test('where the store does not answer the import stays open, and is removed the next time', async () => {
  await using filled = await fill()
  const { store, catalog, left } = filled
  const broken = {
    list: (prefix: string) => store.list(prefix),
    delete: async () => {
      throw new Error('no answer')
    },
  } as unknown as BlobStore
  await assert.rejects(removeImports(catalog, broken, LOG), /no answer/)
  assert.equal((await left()).listed.length, 3)
  await removeImports(catalog, store, LOG)
  assert.deepEqual(await left(), KEPT)
})
