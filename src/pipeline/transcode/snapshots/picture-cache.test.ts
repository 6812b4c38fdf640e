import assert from 'node:assert/strict'
import { it } from 'node:test'
import { PictureCache } from './picture-cache.ts'

it('keeps the pictures asked for last, within its bytes', () => {
  const cache = new PictureCache(100)
  const picture = new Uint8Array(40)
  cache.set('a', picture)
  cache.set('b', picture)
  assert.equal(cache.get('a'), picture)
  cache.set('c', picture)
  assert.equal(cache.get('b'), undefined)
  assert.equal(cache.get('a'), picture)
  cache.set('a', new Uint8Array(10))
  cache.set('d', picture)
  assert.equal(cache.get('c'), picture)
})

it('holds nothing that is larger than itself', () => {
  const cache = new PictureCache(100)
  cache.set('a', new Uint8Array(101))
  assert.equal(cache.get('a'), undefined)
})
