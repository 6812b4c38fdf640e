import { once } from 'node:events'
import { readFileSync } from 'node:fs'
import { type ClientRequest, request as httpRequest, type IncomingMessage } from 'node:http'
import { WebSocket } from 'ws'
import type { TestServer } from '../../support/server.ts'
import type { Av } from './av.ts'
import type { Container } from './material.ts'

/** HTTP status, or the code of a WebSocket's close; the words are the server's. */
export type PublishAnswer = { readonly code: number; readonly text: string }

/**
 * A publisher in two steps, so that every viewer joins at the same, first key frame whatever the machine's load: the
 * first part holds one video key frame, and the rest follows when all viewers have their first bytes.
 */
export interface Publisher {
  /** Resolves when the first part is on its way. */
  start(): Promise<void>
  /** Sends the rest and ends cleanly. */
  finish(): Promise<PublishAnswer>
}

/** Long enough for the server to know the track set of a stream with one kind of track. */
const PAUSE_SECONDS = 0.75
/** A unit is whole for an MPEG-TS demuxer when the next one starts. */
const UNITS_PAST_PAUSE = 2
const MESSAGE_BYTES = 16_384

export function publishRtmp(av: Av, file: string, url: string): Publisher {
  return {
    start: async () => {
      await av.call('publishStart', { from: file, url, pauseSeconds: PAUSE_SECONDS })
    },
    finish: async () => {
      await av.call('publishFinish', { url })
      return { code: 200, text: '' }
    },
  }
}

export function pushHttp({ path, reading }: Container, url: string): Publisher {
  const [first, rest] = split(path, reading)
  const request = httpRequest(url, { method: 'PUT' })
  const answer = answerOf(request)
  answer.catch(() => {})
  return {
    start: () => write(request, first),
    finish: async () => {
      for (const message of messages(rest)) await write(request, message)
      request.end()
      return answer
    },
  }
}

async function answerOf(request: ClientRequest): Promise<PublishAnswer> {
  const [response] = (await once(request, 'response')) as [IncomingMessage]
  let text = ''
  for await (const bytes of response) text += String(bytes)
  return { code: response.statusCode ?? 0, text }
}
/** A refused push is cut off by the server: what happened is in the answer, not in the write. */
async function write(request: ClientRequest, bytes: Uint8Array): Promise<void> {
  if (request.destroyed) return
  await new Promise<void>((resolve) => request.write(bytes, () => resolve()))
}

export function pushWebSocket({ path, reading }: Container, url: string): Publisher {
  const [first, rest] = split(path, reading)
  const socket = new WebSocket(`${url}?publish`, { perMessageDeflate: false })
  const closed = new Promise<PublishAnswer>((resolve) => {
    socket.on('close', (code, reason) => resolve({ code, text: String(reason) }))
    socket.on('unexpected-response', (_, response) => resolve({ code: response.statusCode ?? 0, text: '' }))
    socket.on('error', (error) => resolve({ code: 0, text: error.message }))
  })
  const send = (bytes: Uint8Array) =>
    new Promise<void>((resolve) => {
      socket.send(bytes, () => resolve())
    })
  return {
    start: async () => {
      await once(socket, 'open')
      await send(first)
    },
    finish: async () => {
      for (const message of messages(rest)) await send(message)
      socket.close(1000)
      return closed
    },
  }
}

function* messages(bytes: Uint8Array): Iterable<Uint8Array> {
  for (let at = 0; at < bytes.length; at += MESSAGE_BYTES) yield bytes.subarray(at, at + MESSAGE_BYTES)
}

/** Cuts in front of the first video track's second key frame, or two units past the pause. */
function split(path: string, { tracks }: Container['reading']): readonly [Uint8Array, Uint8Array] {
  const bytes = readFileSync(path)
  const main = tracks.find(({ kind }) => kind === 'video')
  const secondKey = main?.units.filter(({ isKey }) => isKey)[1]
  const placed = tracks.flatMap(({ units }) => units.filter(({ position }) => position >= 0))
  placed.sort((a, b) => a.position - b.position)
  const start = Math.min(...placed.map(({ dts }) => dts))
  const late = placed.findIndex(({ dts }) => dts >= start + PAUSE_SECONDS)
  const cut = Math.min(secondKey?.position ?? bytes.length, placed[late + UNITS_PAST_PAUSE]?.position ?? bytes.length)
  return [bytes.subarray(0, cut), bytes.subarray(cut)]
}

export const WAYS_IN = ['RTMP', 'HTTP FLV', 'HTTP TS', 'WS FLV', 'WS TS'] as const
export type WayIn = (typeof WAYS_IN)[number]

export type PublishTarget = { readonly server: TestServer; readonly av: Av; readonly stream: string }

type Files = { readonly source: string; readonly flv: Container | undefined; readonly ts: Container | undefined }

/** Undefined where FFmpeg cannot write the material into the container of this way. */
export function openPublisher(way: WayIn, { server, av, stream }: PublishTarget, files: Files): Publisher | undefined {
  const { flv, ts } = files
  if (way === 'RTMP') return flv && publishRtmp(av, files.source, server.rtmp(stream))
  if (way === 'HTTP FLV') return flv && pushHttp(flv, server.http(`${stream}.flv`))
  if (way === 'WS FLV') return flv && pushWebSocket(flv, server.ws(`${stream}.flv`))
  if (way === 'HTTP TS') return ts && pushHttp(ts, server.http(`${stream}.ts`))
  return ts && pushWebSocket(ts, server.ws(`${stream}.ts`))
}
