import assert from 'node:assert/strict'
import { duplexPair } from 'node:stream'
import { describe, it } from 'node:test'
import { MalformedInputError } from '../../../media/errors.ts'
import type { Message } from './message.ts'
import { MessagePipe } from './message-pipe.ts'

function pipeTo(
  stream: ConstructorParameters<typeof MessagePipe>[0],
  onMessage: (message: Message) => void = () => {},
) {
  const closed = Promise.withResolvers<Error | undefined>()
  return { pipe: new MessagePipe(stream, { onMessage, onClose: closed.resolve }), closed: closed.promise }
}

describe('MessagePipe', () => {
  it('carries messages both ways', async () => {
    const [left, right] = duplexPair()
    const answer = Promise.withResolvers<Message>()
    const asker = pipeTo(left, answer.resolve)
    const answerer = pipeTo(right, ({ header, payload }) => answerer.pipe.send(2, { ...header, back: true }, payload))
    asker.pipe.send(1, { job: 1 }, Buffer.from('hello'))
    const { type, header, payload } = await answer.promise
    assert.deepEqual([type, header, Buffer.from(payload).toString()], [2, { job: 1, back: true }, 'hello'])
  })

  it('is full while the other side does not read, and drained when it does', async () => {
    const [left, right] = duplexPair()
    const { pipe } = pipeTo(left)
    while (!pipe.isFull) pipe.send(1, {}, Buffer.alloc(10_000))
    const drained = pipe.drained()
    right.resume()
    await drained
    assert.equal(pipe.isFull, false)
  })

  it('takes nothing while it is paused, so that the other side is full, and everything afterwards', async () => {
    const [left, right] = duplexPair()
    let count = 0
    const taker = pipeTo(right, () => count++).pipe
    const { pipe } = pipeTo(left)
    taker.pause()
    let sent = 0
    for (; !pipe.isFull; sent++) pipe.send(1, {}, Buffer.alloc(10_000))
    const drained = pipe.drained()
    assert.equal(count, 0)
    taker.resume()
    await drained
    while (count < sent) await new Promise((resolve) => setImmediate(resolve))
  })

  it('lets whoever waits for room go when it is closed', async () => {
    const [left] = duplexPair()
    const { pipe } = pipeTo(left)
    while (!pipe.isFull) pipe.send(1, {}, Buffer.alloc(10_000))
    const drained = pipe.drained()
    pipe.close()
    await drained
    pipe.send(1, {})
    assert.equal(pipe.closed, true)
  })

  it('closes when the other side goes away', async () => {
    const [left, right] = duplexPair()
    const { closed } = pipeTo(left)
    right.end()
    assert.equal(await closed, undefined)
  })

  it('closes on broken bytes, and says why', async () => {
    const [left, right] = duplexPair()
    const { closed } = pipeTo(left)
    right.write(Uint8Array.of(0, 0, 0, 0))
    assert.ok((await closed) instanceof MalformedInputError)
  })

  it('closes when a message is not accepted, and gives no more', async () => {
    const [left, right] = duplexPair()
    let count = 0
    const { closed } = pipeTo(left, () => {
      count++
      throw new MalformedInputError('job', 0, 'unknown')
    })
    const sender = pipeTo(right)
    sender.pipe.send(1, {})
    sender.pipe.send(1, {})
    assert.ok((await closed) instanceof MalformedInputError)
    assert.equal(count, 1)
  })
})
