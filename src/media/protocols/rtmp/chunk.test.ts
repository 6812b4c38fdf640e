import assert from 'node:assert/strict'
import { test } from 'node:test'
import fc from 'fast-check'
import { LimitExceededError, MalformedInputError } from '../../errors.ts'
import { ChunkReader, messageBytes, type RtmpMessage, writeMessage } from './index.ts'
import { CHUNK_CASES } from './testing/chunk-cases.ts'
import { concat, cut, hex, messagesOf } from './testing/messages-of.ts'

const shown = (m: RtmpMessage): string =>
  `${m.type} ${m.messageStreamId} ${m.timestampMs} ${Buffer.from(m.payload).toString('hex')}`
const anyCut = fc.array(fc.integer({ min: 1, max: 40 }), { minLength: 1, maxLength: 10 })

for (const { name, bytes, messages } of CHUNK_CASES) {
  test(`chunks are read at any cut: ${name}`, () => {
    const input = hex(bytes)
    assert.deepEqual(messagesOf([input]).map(shown), messages)
    assert.deepEqual(messagesOf(cut(input, [1])).map(shown), messages)
    fc.assert(
      fc.property(anyCut, (sizes) => assert.deepEqual(messagesOf(cut(input, sizes)).map(shown), messages)),
      { numRuns: 50 },
    )
  })
}

test('what is written is read, at any chunk size, chunk stream and time', () => {
  const message = fc.record({
    chunkStreamId: fc.oneof(fc.integer({ min: 3, max: 63 }), fc.integer({ min: 64, max: 65_599 })),
    messageStreamId: fc.integer({ min: 0, max: 0xffffffff }),
    type: fc.constantFrom(8, 9, 18, 20),
    timestampMs: fc.oneof(fc.integer({ min: 0, max: 0xffffffff }), fc.integer({ min: 0xfffffd, max: 0x1000001 })),
    parts: fc.array(fc.uint8Array({ maxLength: 300 }), { maxLength: 4 }),
  })
  fc.assert(
    fc.property(fc.array(message, { maxLength: 6 }), fc.integer({ min: 1, max: 400 }), anyCut, (all, size, sizes) => {
      const setSize = messageBytes({
        chunkStreamId: 2,
        messageStreamId: 0,
        type: 1,
        timestampMs: 0,
        parts: [Uint8Array.of(0, 0, size >> 8, size)],
      })
      const bytes = concat([setSize, ...all.flatMap((one) => writeMessage(one, size))])
      assert.deepEqual(
        messagesOf(cut(bytes, sizes)),
        all.map(({ type, messageStreamId, timestampMs, parts }) => ({
          type,
          messageStreamId,
          timestampMs,
          payload: concat(parts),
        })),
      )
    }),
  )
})

test('payloads are cut into views when written and handed on as views when read whole', () => {
  const payload = new Uint8Array(100).fill(7)
  const head = { chunkStreamId: 4, messageStreamId: 1, type: 8, timestampMs: 0 }
  const parts = writeMessage({ ...head, parts: [payload] }, 60)
  assert.deepEqual(
    parts.filter((part) => part.buffer === payload.buffer).map((part) => part.length),
    [60, 40],
  )
  const bytes = messageBytes({ ...head, parts: [payload] })
  let isView = false
  new ChunkReader((message) => {
    isView = message.payload.buffer === bytes.buffer
  }).push(bytes)
  assert.ok(isView)
})

test('chunk size 0, a set top bit and headers out of place are malformed', () => {
  const bad = [
    '02 000000 000004 01 00000000 00000000',
    '02 000000 000004 01 00000000 80000000',
    '43 000000 000001 08',
    'c3 00',
    '02 000000 000004 01 00000000 00000001 04 000000 000002 08 01000000 aa 04 000000 000002 08 01000000 aa',
  ]
  for (const bytes of bad) assert.throws(() => messagesOf([hex(bytes)]), MalformedInputError)
})

test('long announced messages cost only what has arrived, and that is bounded', () => {
  const open = (id: number): Uint8Array =>
    concat([hex(`${(id + 3).toString(16).padStart(2, '0')} 000000 ffffff 08 01000000`), new Uint8Array(128)])
  const reader = new ChunkReader(() => {})
  for (let id = 0; id < 50; id++) reader.push(open(id))
  assert.ok(reader.bufferedBytes <= 50 * 4096)
  assert.throws(() => messagesOf([open(0)], { maxMessageBytes: 1000 }), LimitExceededError)
  const small = new ChunkReader(() => {}, { maxBufferedBytes: 10_000 })
  assert.throws(() => {
    for (let id = 0; id < 50; id++) small.push(open(id))
  }, LimitExceededError)
  assert.throws(() => {
    for (let id = 0; id < 50; id++)
      messagesOf([concat(Array.from({ length: 9 }, (_, i) => open(i)))], { maxChunkStreams: 8 })
  }, LimitExceededError)
})
