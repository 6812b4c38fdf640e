import { randomBytes } from 'node:crypto'
import { connect, type Socket } from 'node:net'
import { tagBytes } from '../../src/media/formats/flv/index.ts'
import { RtmpClientSession } from '../../src/media/protocols/rtmp/index.ts'
import type { BenchSource, SourceTag } from './source.ts'

/** Where a publisher sends its tags. */
export interface TagTarget {
  send(tags: readonly SourceTag[]): void
  close(): void
}

const FILE_HEADER = Uint8Array.of(0x46, 0x4c, 0x56, 1, 5, 0, 0, 0, 9, 0, 0, 0, 0)
const STEP_MS = 1000 / 30
const KEPT_MS = 30_000

/** Publishes a source in real time, and knows when each picture was sent. */
export class Publisher {
  readonly #source: BenchSource
  readonly #targets: TagTarget[] = []
  readonly #sentMs = new Map<string, number>()
  readonly #timer: NodeJS.Timeout
  readonly #startedMs = performance.now()
  #pictures = 0
  sentBytes = 0
  /** Pictures and frames of sound. */
  sentFrames = 0
  /** The most that a picture was sent after its time. */
  latestMs = 0

  constructor(source: BenchSource) {
    this.#source = source
    this.#timer = setInterval(() => this.#tick(), 4)
  }
  add(target: TagTarget): void {
    target.send(this.#source.opening())
    this.#targets.push(target)
  }
  /** `performance.now()` of the sending of a picture; undefined for one that was not published, or long ago. */
  sentMs(pictureHash: string): number | undefined {
    return this.#sentMs.get(pictureHash)
  }
  close(): void {
    clearInterval(this.#timer)
    for (const target of this.#targets) target.close()
  }

  #tick(): void {
    const nowMs = performance.now()
    for (; this.#startedMs + this.#pictures * STEP_MS <= nowMs; this.#pictures++) {
      this.latestMs = Math.max(this.latestMs, nowMs - this.#startedMs - this.#pictures * STEP_MS)
      const tags = this.#source.next()
      this.sentFrames += tags.length
      for (const { pictureHash, body } of tags) {
        this.sentBytes += body.length
        if (pictureHash) this.#sentMs.set(pictureHash, performance.now())
      }
      for (const target of this.#targets) target.send(tags)
    }
    for (const [hash, sentMs] of this.#sentMs) {
      if (nowMs - sentMs < KEPT_MS) break
      this.#sentMs.delete(hash)
    }
  }
}

/** Plain FLV over TCP, as `limit` takes it. */
export async function flvTarget(port: number): Promise<TagTarget> {
  const socket = await connected(port)
  socket.write(FILE_HEADER)
  return {
    send: (tags) => {
      for (const { type, timestampMs, body } of tags) {
        socket.write(tagBytes({ type, timestampMs, parts: [body] }))
      }
    },
    close: () => socket.destroy(),
  }
}

/** Resolves when the server has accepted the publish. `path`: `app/stream`. */
export async function rtmpTarget(port: number, path: string): Promise<TagTarget> {
  const socket = await connected(port)
  const { promise, resolve, reject } = Promise.withResolvers<void>()
  const [app = '', ...rest] = path.split('/')
  const session = new RtmpClientSession(
    {
      send: (parts) => {
        for (const part of parts) socket.write(part)
      },
      onReady: () => resolve(),
      onMedia: () => {},
      onClose: (error) => reject(error ?? new Error('closed')),
    },
    { randomBytes: (length) => randomBytes(length) },
    { purpose: 'publish', app, streamKey: rest.join('/'), tcUrl: `rtmp://127.0.0.1:${port}/${app}` },
  )
  socket.on('data', (bytes: Buffer) => session.receive(bytes))
  session.start()
  await promise
  return {
    send: (tags) => {
      socket.cork()
      for (const { type, timestampMs, body } of tags) session.sendMedia(type, timestampMs, [body])
      socket.uncork()
    },
    close: () => socket.destroy(),
  }
}

function connected(port: number): Promise<Socket> {
  return new Promise((resolve, reject) => {
    const socket = connect({ port, host: '127.0.0.1', noDelay: true })
    socket.once('connect', () => {
      socket.on('error', () => {})
      resolve(socket)
    })
    socket.once('error', reject)
  })
}
