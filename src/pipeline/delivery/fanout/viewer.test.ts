import assert from 'node:assert/strict'
import { once } from 'node:events'
import { type AddressInfo, connect, createServer, type Socket } from 'node:net'
import { test } from 'node:test'
import { Viewer } from './viewer.ts'

async function pair(): Promise<AsyncDisposable & { readonly ours: Socket; readonly peer: Socket }> {
  const server = createServer({ pauseOnConnect: false }).listen(0, '127.0.0.1')
  await once(server, 'listening')
  const peer = connect((server.address() as AddressInfo).port, '127.0.0.1')
  const [ours] = (await once(server, 'connection')) as [Socket]
  const close = async () => {
    for (const socket of [ours, peer]) socket.destroy()
    server.close()
    await once(server, 'close')
  }
  return { ours, peer, [Symbol.asyncDispose]: close }
}
/** More than the kernel takes. */
const MUCH = Buffer.alloc(16 << 20, 1)

test('a viewer is busy while its protocol has something to send on the same socket, and in order behind it', async () => {
  await using sockets = await pair()
  const { ours, peer } = sockets
  const options = { id: 'v', protocol: 'rtmp', remoteAddress: '', socketUse: 'shared' } as const
  const first = new Viewer(ours, options, 0)
  const second = new Viewer(ours, options, 0)
  assert.deepEqual([first.isBusy, second.isBusy], [false, false])
  ours.write(MUCH)
  assert.deepEqual([first.isBusy, second.isBusy], [true, true])
  const received = new Promise<Buffer>((resolve) => {
    const pieces: Buffer[] = []
    peer.on('data', (bytes: Buffer) => {
      pieces.push(bytes)
      if (bytes.at(-1) === 2) resolve(Buffer.concat(pieces))
    })
  })
  await once(ours, 'drain')
  assert.deepEqual([first.isBusy, second.isBusy], [false, false])
  first.position = 0
  first.write([Buffer.of(2)], 1)
  assert.equal((await received).length, MUCH.length + 1)
})

test('a viewer is busy until the kernel has all of what it was given', async () => {
  await using sockets = await pair()
  const { ours, peer } = sockets
  const viewer = new Viewer(ours, { id: 'v', protocol: 'flv', remoteAddress: '', socketUse: 'exclusive' }, 0)
  const drained = new Promise<void>((resolve) => viewer.attach(resolve))
  viewer.position = 0
  viewer.write([MUCH], MUCH.length)
  assert.deepEqual([viewer.isBusy, viewer.lowWater(false)], [true, 0])
  peer.resume()
  await drained
  assert.deepEqual([viewer.isBusy, viewer.lowWater(false)], [false, MUCH.length])
})
