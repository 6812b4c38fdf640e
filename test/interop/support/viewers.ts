import { randomBytes } from 'node:crypto'
import { request as httpRequest, type IncomingMessage } from 'node:http'
import { connect } from 'node:net'
import { WebSocket } from 'ws'
import { RtmpClientSession } from '../../../src/media/protocols/rtmp/index.ts'
import type { TestServer } from '../../support/server.ts'
import { until } from './polling.ts'

/** What a viewer got: one file, or one a track (HLS). `code` is an HTTP status or a WebSocket close code. */
export type Received = {
  readonly code: number
  readonly text: string
  readonly files: readonly { readonly bytes: Buffer; readonly extension: 'flv' | 'ts' | 'mp4' }[]
}
export type Viewer = {
  /** Settles with the first bytes of media, or when there will be none. */
  readonly joined: Promise<void>
  readonly received: Promise<Received>
}
type Extension = Received['files'][number]['extension']
type Attempt = { readonly joined: Promise<boolean>; readonly received: Promise<Received> }

/** The stream's name may reach a worker a moment after it reached the publisher's: not found is asked again. */
const NOT_FOUND = 404

function persistent(open: () => Attempt): Viewer {
  let settle: (received: Promise<Received>) => void = () => {}
  const received = new Promise<Received>((resolve) => {
    settle = resolve
  })
  const joined = until('a stream to view', async () => {
    const attempt = open()
    if (!(await attempt.joined) && (await attempt.received).code === NOT_FOUND) return undefined
    settle(attempt.received)
    return true
  })
  joined.catch((error: unknown) => settle(Promise.reject(error)))
  return { joined: joined.then(() => {}), received }
}

export function viewHttp(url: string, extension: Extension): Viewer {
  return persistent(() => {
    const response = new Promise<IncomingMessage>((resolve, reject) => {
      httpRequest(url, { agent: false }).on('response', resolve).on('error', reject).end()
    })
    const chunks: Buffer[] = []
    const first = response.then(
      (incoming) =>
        new Promise<boolean>((resolve) => {
          incoming.on('data', (bytes: Buffer) => {
            chunks.push(bytes)
            resolve(incoming.statusCode === 200)
          })
          incoming.on('close', () => resolve(false))
        }),
    )
    const received = response.then(async (incoming): Promise<Received> => {
      if (!incoming.closed) await new Promise((resolve) => incoming.on('close', resolve))
      const bytes = Buffer.concat(chunks)
      const code = incoming.statusCode ?? 0
      return code === 200 ? { code, text: '', files: [{ bytes, extension }] } : { code, text: String(bytes), files: [] }
    })
    const failed = (error: Error): Received => ({ code: 0, text: error.message, files: [] })
    return { joined: first.catch(() => false), received: received.catch(failed) }
  })
}

export function viewWebSocket(url: string, extension: Extension): Viewer {
  return persistent(() => {
    const socket = new WebSocket(url, { perMessageDeflate: false })
    const chunks: Buffer[] = []
    const joined = new Promise<boolean>((resolve) => {
      socket.on('message', (bytes: Buffer) => {
        chunks.push(bytes)
        resolve(true)
      })
      socket.on('close', () => resolve(false))
      socket.on('error', () => resolve(false))
    })
    const received = new Promise<Received>((resolve) => {
      const refused = (code: number, text: string) => resolve({ code, text, files: [] })
      socket.on('unexpected-response', (_, response) => {
        refused(response.statusCode ?? 0, '')
        socket.terminate()
      })
      socket.on('error', (error) => refused(0, error.message))
      socket.on('close', (code, reason) => {
        if (chunks.length === 0) return refused(code, String(reason))
        resolve({ code, text: String(reason), files: [{ bytes: Buffer.concat(chunks), extension }] })
      })
    })
    return { joined, received }
  })
}

/** RTMP play by the client session; what comes is kept as an FLV file. */
export function viewRtmp(server: TestServer, stream: string): Viewer {
  return persistent(() => {
    const slash = stream.indexOf('/')
    const app = stream.slice(0, slash)
    const port = server.port('rtmp')
    const socket = connect(port, '127.0.0.1')
    const tags: Buffer[] = [FLV_HEADER]
    let settleJoined: (joined: boolean) => void = () => {}
    const joined = new Promise<boolean>((resolve) => {
      settleJoined = resolve
    })
    const received = new Promise<Received>((resolve) => {
      const options = {
        purpose: 'play',
        app,
        tcUrl: `rtmp://127.0.0.1:${port}/${app}`,
        streamKey: stream.slice(slash + 1),
      } as const
      const end = (error: Error | undefined) => {
        settleJoined(false)
        socket.destroy()
        const code = error === undefined ? 200 : error.message.includes('StreamNotFound') ? NOT_FOUND : 0
        const files = tags.length > 1 ? [{ bytes: Buffer.concat(tags), extension: 'flv' as const }] : []
        resolve({ code, text: error?.message ?? '', files })
      }
      const handler = {
        send: (parts: readonly Uint8Array[]) => void socket.write(Buffer.concat(parts)),
        onReady: () => {},
        onMedia: (type: number, timestampMs: number, body: Uint8Array) => {
          tags.push(flvTag(type, timestampMs, body))
          if (type !== SCRIPT_TAG) settleJoined(true)
        },
        onClose: end,
      }
      const session = new RtmpClientSession(handler, { randomBytes }, options)
      socket.on('connect', () => session.start())
      socket.on('data', (bytes: Buffer) => session.receive(bytes))
      socket.on('error', () => {})
      socket.on('close', () => session.close())
    })
    return { joined, received }
  })
}

const SCRIPT_TAG = 18
export const FLV_HEADER = Buffer.from('464c5601050000000900000000', 'hex')

/** FLV tag and PreviousTagSize. Adobe FLV Specification v10.1, E.4.1. */
export function flvTag(type: number, timestampMs: number, body: Uint8Array): Buffer {
  const tag = Buffer.alloc(11 + body.length + 4)
  tag[0] = type
  tag.writeUIntBE(body.length, 1, 3)
  tag.writeUIntBE(timestampMs & 0xffffff, 4, 3)
  tag[7] = timestampMs >>> 24
  tag.set(body, 11)
  tag.writeUInt32BE(11 + body.length, 11 + body.length)
  return tag
}
