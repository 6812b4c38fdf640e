import assert from 'node:assert/strict'
import { describe, it } from 'node:test'
import type { Rung } from './rung.ts'
import { RungLane } from './rung-lane.ts'
import type { RungVideo } from './rung-video.ts'

type Picture = Parameters<RungLane['push']>[0]

/** Pictures that count who still holds one. */
class Pictures {
  heldCount = 0
  make(name: number): Picture {
    const clone = () => {
      this.heldCount++
      return { name, free: () => this.heldCount-- }
    }
    return { clone } as unknown as Picture
  }
}

/** A lane whose encoder is done with a picture when the test says so. */
function makeLane() {
  const log: string[] = []
  const busy: { readonly resolve: () => void; readonly reject: (error: Error) => void }[] = []
  const video = {
    push: async (picture: { name: number }, isKey: boolean) => {
      log.push(`begin ${picture.name}${isKey ? ' key' : ''}`)
      const { promise, resolve, reject } = Promise.withResolvers<void>()
      busy.push({ resolve, reject })
      await promise
      log.push(`end ${picture.name}`)
    },
    flush: async () => void log.push('flush'),
    [Symbol.dispose]: () => void log.push('free'),
  }
  const onFailure = (error: unknown) => log.push((error as Error).message)
  const rung = { busyMs: 0 } as Rung
  return { lane: new RungLane(rung, video as unknown as RungVideo, onFailure), log, busy }
}
const turn = () => new Promise<void>((resolve) => setImmediate(resolve))

describe('RungLane', () => {
  it('encodes its pictures one after the other, at the same time as other lanes theirs', async () => {
    const pictures = new Pictures()
    const [one, other] = [makeLane(), makeLane()]
    for (const { lane } of [one, other]) {
      lane.push(pictures.make(1), true)
      lane.push(pictures.make(2), false)
    }
    await turn()
    assert.deepEqual([one.log, other.log], [['begin 1 key'], ['begin 1 key']])
    other.busy[0]?.resolve()
    await turn()
    assert.deepEqual([one.log, other.log], [['begin 1 key'], ['begin 1 key', 'end 1', 'begin 2']])
    one.busy[0]?.resolve()
    await turn()
    for (const { busy } of [one, other]) busy[1]?.resolve()
    await Promise.all([one.lane.flush(), other.lane.flush()])
    assert.deepEqual(one.log, ['begin 1 key', 'end 1', 'begin 2', 'end 2', 'flush'])
    assert.equal(pictures.heldCount, 0)
  })

  it('has room until two pictures wait', async () => {
    const pictures = new Pictures()
    const { lane, busy } = makeLane()
    lane.push(pictures.make(1), true)
    lane.push(pictures.make(2), false)
    await lane.room()
    lane.push(pictures.make(3), false)
    let hasRoom = false
    const room = lane.room().then(() => {
      hasRoom = true
    })
    await turn()
    assert.equal(hasRoom, false)
    busy[0]?.resolve()
    await room
  })

  it('frees the encoder when it is closed, after the picture that is in it and without those that wait', async () => {
    const pictures = new Pictures()
    const { lane, log, busy } = makeLane()
    for (const name of [1, 2, 3]) lane.push(pictures.make(name), false)
    const closed = lane.close()
    await turn()
    assert.deepEqual(log, ['begin 1'])
    busy[0]?.resolve()
    await closed
    assert.deepEqual(log, ['begin 1', 'end 1', 'free'])
    assert.equal(pictures.heldCount, 0)
  })

  it('tells of a failure once, frees the encoder, and lets nobody wait', async () => {
    const pictures = new Pictures()
    const { lane, log, busy } = makeLane()
    for (const name of [1, 2, 3]) lane.push(pictures.make(name), false)
    busy[0]?.reject(new Error('no such preset'))
    await lane.room()
    await lane.flush()
    await lane.close()
    assert.deepEqual(log, ['begin 1', 'free', 'no such preset'])
    assert.equal(pictures.heldCount, 0)
  })
})
