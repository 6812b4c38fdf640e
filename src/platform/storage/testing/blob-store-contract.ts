import assert from 'node:assert/strict'
import { test } from 'node:test'
import type { BlobStore } from '../blob-store.ts'

/** What every BlobStore must do. `open` gives an empty store. */
export function blobStoreContract(
  name: string,
  open: () => Promise<{ readonly store: BlobStore; close(): Promise<void> }>,
): void {
  const withStore = (what: string, work: (store: BlobStore) => Promise<void>) =>
    test(`${name}: ${what}`, async () => {
      const { store, close } = await open()
      try {
        await work(store)
      } finally {
        await close()
      }
    })

  withStore('a blob is visible when it is committed, not before', async (store) => {
    const writer = await store.create('a/b/one.m4s')
    await writer.append([Uint8Array.of(1, 2), Uint8Array.of(3)])
    await assert.rejects(store.size('a/b/one.m4s'), { code: 'not-found' })
    await writer.append([Uint8Array.of(4)])
    await writer.commit()
    assert.equal(await store.size('a/b/one.m4s'), 4)
    assert.deepEqual([...(await store.read('a/b/one.m4s', 1, 3))], [2, 3])
    assert.deepEqual([...(await store.read('a/b/one.m4s', 2, 100))], [3, 4])
  })

  withStore('an aborted blob leaves nothing', async (store) => {
    const writer = await store.create('a/one')
    await writer.append([Uint8Array.of(1)])
    await writer.abort()
    assert.deepEqual(await store.list('a'), [])
  })

  withStore('what a dead writer left is listed as partial and can be taken in, cut to size', async (store) => {
    const writer = await store.create('a/one')
    await writer.append([Uint8Array.of(1, 2, 3, 4, 5)])
    assert.deepEqual(await store.list('a'), [{ key: 'a/one', byteLength: 5, isPartial: true }])
    assert.deepEqual([...(await store.readPartial('a/one', 1, 3))], [2, 3])
    await store.adopt('a/one', 3)
    assert.deepEqual(await store.list('a'), [{ key: 'a/one', byteLength: 3, isPartial: false }])
    assert.deepEqual([...(await store.read('a/one', 0, 9))], [1, 2, 3])
    await writer.abort()
  })

  withStore('a committed blob replaces the one before it', async (store) => {
    for (const byte of [1, 2]) {
      const writer = await store.create('one')
      await writer.append([Uint8Array.of(byte)])
      await writer.commit()
    }
    assert.deepEqual([...(await store.read('one', 0, 9))], [2])
  })

  withStore('deleting is idempotent, and a missing blob says so', async (store) => {
    const writer = await store.create('one')
    await writer.commit()
    await store.delete('one')
    await store.delete('one')
    await assert.rejects(store.read('one', 0, 1), { code: 'not-found' })
  })

  withStore('keys that climb are refused', async (store) => {
    for (const key of ['../one', 'a/../../one', '/etc/passwd', 'a//b', '', 'a/./b', 'a\0b']) {
      await assert.rejects(async () => await store.create(key), { code: 'access-denied' }, key)
    }
  })
}
