import assert from 'node:assert/strict'
import { test } from 'node:test'
import { interleaved } from '../../../media/formats/mpegts/testing/samples.ts'
import { LogWriter } from '../log/log-writer.ts'
import { SegmentPool } from '../log/segment-pool.ts'
import type { Peer } from './messages.ts'
import type { StreamOutput } from './owned-stream.ts'
import { StreamHub } from './stream-hub.ts'
import type { Subscription } from './subscription.ts'

const OWNER = 0
const VIEWERS = 1
const SEGMENT_BYTES = 4096

/** The bytes of all frames, and one byte more at the end. */
class RawOutput implements StreamOutput {
  readonly log: LogWriter

  constructor(pool: SegmentPool) {
    this.log = new LogWriter(pool, { maxBytes: 1_000_000 })
    this.log.keepFrom(0)
  }
  onTracks(): void {}
  onFrame({ data }: { readonly data: Uint8Array }): void {
    this.log.append([data])
    this.log.commit()
  }
  onDiscontinuity(): void {}
  onEnd(): void {
    this.log.append([Uint8Array.of(0xee)])
    this.log.end()
  }
  /** So that the window of a stream that has ended can still be opened. */
  snapshot(): Uint8Array {
    return new Uint8Array(0)
  }
}

/** Two workers whose messages to each other wait in a queue until `deliver`. */
class TwoWorkers {
  readonly hubs: readonly [StreamHub, StreamHub]
  readonly #queue: (() => void)[] = []
  #sessionCount = 0

  constructor() {
    this.hubs = [this.#hub(OWNER), this.#hub(VIEWERS)]
    for (const [worker, hub] of this.hubs.entries()) hub.setPeer(1 - worker, this.#peer(1 - worker, worker))
  }
  deliver(): void {
    for (let send = this.#queue.shift(); send; send = this.#queue.shift()) send()
  }

  #hub(worker: number): StreamHub {
    const pool = new SegmentPool({ segmentBytes: SEGMENT_BYTES, maxSegments: 100 })
    return new StreamHub({
      worker,
      pool,
      maxLogBytes: 1_000_000,
      lingerMs: 10_000,
      directory: {
        requestPublish: async () => ({ sessionId: `s${++this.#sessionCount}`, owner: OWNER }),
        publishEnded: () => {},
      },
      makeOutput: () => new RawOutput(pool),
      nowEpochMs: () => 0,
      onConsumerError: (_, error) => assert.ifError(error),
    })
  }
  #peer(to: number, from: number): Peer {
    const later = (send: (hub: StreamHub) => void) => {
      this.#queue.push(() => send(this.hubs[to] as StreamHub))
    }
    return {
      attach: (name, sessionId, shared, times) => later((hub) => hub.attach(name, sessionId, shared, times)),
      detach: (name, sessionId) => later((hub) => hub.detach(name, sessionId)),
      open: async (name, format) => (this.hubs[to] as StreamHub).open(name, format, from),
      close: (name, format) => later((hub) => hub.close(name, format, from)),
      log: (message) => later((hub) => hub.log(message)),
    }
  }
}

function readAll({ reader }: Subscription): Buffer {
  assert.ok(reader.isDrained, 'all of the log has come')
  return reader.contiguous(0, reader.head)
}

/** `live/a`, published on one of two workers; its frames are yet to come. */
async function published(on: typeof OWNER | typeof VIEWERS) {
  const workers = new TwoWorkers()
  const [owner, other] = workers.hubs
  const { tracks, frames } = interleaved(30)
  const publication = await workers.hubs[on].publish({ name: 'live/a', protocol: 'rtmp', remoteAddress: '' })
  for (const hub of workers.hubs) hub.streamUp({ name: 'live/a', owner: OWNER })
  workers.deliver()
  for (const track of tracks) publication.onTrack(track)
  return {
    owner,
    other,
    deliver: () => workers.deliver(),
    publishAll: () => {
      for (const frame of frames) publication.onFrame(frame)
    },
    end: () => {
      publication.end('publisher finished')
      owner.streamDown('live/a')
    },
    /** What RawOutput makes of it. */
    whole: Buffer.concat([...frames.map(({ data }) => data), Uint8Array.of(0xee)]),
  }
}

test('who asks for a stream just as it ends gets all of it, however late the messages come', async () => {
  const { other: viewers, deliver, publishAll, end, whole } = await published(OWNER)
  const first = await viewers.subscribe('live/a', 'raw')
  first.reader.hold(0)
  publishAll()
  end()
  // The shared word says so before any message has come: not that it has ended, and not where its last bytes are.
  assert.ok(first.reader.ended)
  assert.equal(first.reader.isDrained, false)
  first.release()
  const second = await viewers.subscribe('live/a', 'raw')
  deliver()
  assert.notEqual(second, first)
  assert.deepEqual(readAll(second), whole)
})

test('a stream that is over before its last frames have come to its owner is ended with them', async () => {
  const { owner, deliver, publishAll, end, whole } = await published(VIEWERS)
  const { reader } = await owner.subscribe('live/a', 'raw')
  reader.hold(0)
  publishAll()
  end()
  assert.equal(reader.ended, false)
  deliver()
  assert.ok(reader.isDrained)
  assert.deepEqual(reader.contiguous(0, reader.head), whole)
})

test('a stream that is over is ended when the worker of its publisher dies', async () => {
  const { owner, publishAll } = await published(VIEWERS)
  const { reader } = await owner.subscribe('live/a', 'raw')
  publishAll()
  owner.streamDown('live/a')
  assert.equal(reader.ended, false)
  owner.dropPeer(VIEWERS)
  assert.equal(reader.ended, true)
})

test('who reads what a worker that died has written comes to an end, though bytes are missing', async () => {
  const { other: viewers, publishAll } = await published(OWNER)
  const { reader } = await viewers.subscribe('live/a', 'raw')
  publishAll()
  assert.equal(reader.isDrained, false)
  viewers.dropPeer(OWNER)
  assert.ok(reader.isDrained)
  assert.equal(viewers.has('live/a'), false)
})

test('a reader that stays gets the end by message', async () => {
  const { other: viewers, deliver, publishAll, end } = await published(OWNER)
  const subscription = await viewers.subscribe('live/a', 'raw')
  subscription.reader.hold(0)
  let seenBytes = 0
  subscription.onData(() => {
    seenBytes = subscription.reader.head
  })
  publishAll()
  end()
  deliver()
  assert.equal(seenBytes, readAll(subscription).length)
})
