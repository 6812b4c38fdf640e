import assert from 'node:assert/strict'
import { describe, it } from 'node:test'
import fc from 'fast-check'
import { LimitExceededError, MalformedInputError, MillraceError } from '../../../media/errors.ts'
import { formatMessageStart, type Message, type MessageLimits, MessageReader } from './message.ts'

const CASES: readonly { name: string; message: Message }[] = [
  { name: 'nothing but a type', message: { type: 1, header: {}, payload: Buffer.alloc(0) } },
  { name: 'a header', message: { type: 5, header: { job: 7, text: 'Grüße' }, payload: Buffer.alloc(0) } },
  { name: 'header and payload', message: { type: 255, header: { job: 2 }, payload: Buffer.from('payload') } },
  { name: 'a payload that looks like a message', message: { type: 6, header: {}, payload: Buffer.alloc(40) } },
]
const SMALL: MessageLimits = { maxHeaderBytes: 20, maxPayloadBytes: 30 }

function bytesOf(message: Message, limits?: MessageLimits): Buffer {
  return Buffer.concat([formatMessageStart(message, limits), message.payload])
}
function plain({ type, header, payload }: Message) {
  return { type, header, payload: Buffer.from(payload).toString('hex') }
}
const ALL = Buffer.concat(CASES.map(({ message }) => bytesOf(message)))
const ALL_PLAIN = CASES.map(({ message }) => plain(message))

describe('codec process messages', () => {
  for (const { name, message } of CASES) {
    it(`are read as they were written: ${name}`, () => {
      assert.deepEqual(new MessageReader().push(bytesOf(message)).map(plain), [plain(message)])
    })
  }

  it('are the same at every split point', () => {
    for (let cut = 0; cut <= ALL.length; cut++) {
      const reader = new MessageReader()
      const messages = [...reader.push(ALL.subarray(0, cut)), ...reader.push(ALL.subarray(cut))]
      assert.deepEqual(messages.map(plain), ALL_PLAIN)
    }
  })

  it('are the same byte by byte', () => {
    const reader = new MessageReader()
    const messages = [...ALL].flatMap((byte) => reader.push(Uint8Array.of(byte)))
    assert.deepEqual(messages.map(plain), ALL_PLAIN)
  })

  it('are the same at random cuts', () => {
    const cuts = fc.array(fc.integer({ min: 0, max: ALL.length }))
    fc.assert(
      fc.property(cuts, (points) => {
        const reader = new MessageReader()
        const ends = [...points.sort((a, b) => a - b), ALL.length]
        const messages = ends.flatMap((end, index) => reader.push(ALL.subarray(ends[index - 1] ?? 0, end)))
        assert.deepEqual(messages.map(plain), ALL_PLAIN)
      }),
    )
  })

  it('are refused by the writer beyond the limits', () => {
    const payload = Buffer.alloc(31)
    assert.throws(() => formatMessageStart({ type: 1, header: {}, payload }, SMALL), LimitExceededError)
    const header = { text: 'x'.repeat(30) }
    assert.throws(() => formatMessageStart({ type: 1, header, payload: Buffer.alloc(0) }, SMALL), LimitExceededError)
  })

  it('are refused by the reader beyond the limits, before their bytes have come', () => {
    const tooLong = bytesOf({ type: 1, header: {}, payload: Buffer.alloc(60) })
    assert.throws(() => new MessageReader(SMALL).push(tooLong.subarray(0, 4)), LimitExceededError)
    const longHeader = bytesOf({ type: 1, header: { text: 'x'.repeat(20) }, payload: Buffer.alloc(0) })
    assert.throws(() => new MessageReader(SMALL).push(longHeader), LimitExceededError)
    const longPayload = bytesOf({ type: 1, header: {}, payload: Buffer.alloc(31) })
    assert.throws(() => new MessageReader(SMALL).push(longPayload), LimitExceededError)
  })

  const broken: readonly { name: string; bytes: number[] }[] = [
    { name: 'too short to be one', bytes: [0, 0, 0, 4, 1, 0, 0, 0] },
    { name: 'with a header that ends past it', bytes: [0, 0, 0, 5, 1, 0, 0, 0, 1] },
    { name: 'with a header that is not JSON', bytes: [0, 0, 0, 6, 1, 0, 0, 0, 1, 0x7b] },
    { name: 'with a header that is no object', bytes: [0, 0, 0, 7, 1, 0, 0, 0, 2, 0x5b, 0x5d] },
  ]
  for (const { name, bytes } of broken) {
    it(`are refused ${name}`, () => {
      assert.throws(() => new MessageReader().push(Uint8Array.from(bytes)), MalformedInputError)
    })
  }

  it('never throw anything but their own errors, whatever the bytes', () => {
    const start = fc.tuple(fc.constant(0), fc.constant(0), fc.constant(0), fc.nat(255)).map((bytes) => bytes)
    fc.assert(
      fc.property(start, fc.uint8Array({ maxLength: 300 }), (length, bytes) => {
        try {
          new MessageReader(SMALL).push(Buffer.concat([Uint8Array.from(length), bytes]))
        } catch (error) {
          assert.ok(error instanceof MillraceError)
        }
      }),
    )
  })
})
