import { randomBytes } from 'node:crypto'
import { connect, type Socket } from 'node:net'
import { WebSocket } from 'ws'
import { FlvDemuxer, FlvTagDemuxer } from '../../src/media/formats/flv/index.ts'
import { Fmp4Demuxer } from '../../src/media/formats/mp4/index.ts'
import { TsDemuxer } from '../../src/media/formats/mpegts/index.ts'
import type { MediaSink } from '../../src/media/model/index.ts'
import { RtmpClientSession } from '../../src/media/protocols/rtmp/index.ts'
import { openHls } from './hls-viewer.ts'
import type { Publisher } from './publisher.ts'
import { type Protocol, viewerRequest } from './requests.ts'
import { hashOf } from './source.ts'

type Demuxer = { push(bytes: Uint8Array): void }
const DEMUXERS: Readonly<Record<string, (sink: MediaSink) => Demuxer>> = {
  flv: (sink) => new FlvDemuxer(sink),
  ts: (sink) => new TsDemuxer(sink),
  mp4: (sink) => new Fmp4Demuxer(sink),
}

export type ProbeTarget = { readonly protocol: Protocol; readonly port: number; readonly stream: string }

/** A viewer that looks at every picture: when it was sent, when it came, whether one is missing. */
export class Probe {
  latenciesMs: number[] = []
  /** From the connection to the first picture. */
  firstPictureMs: number | undefined
  unknownCount = 0
  gapCount = 0
  readonly #publisher: Publisher
  readonly #startedMs = performance.now()
  readonly #close: () => void
  #lastSeconds: number | undefined

  constructor(target: ProbeTarget, publisher: Publisher) {
    this.#publisher = publisher
    this.#close = open(target, this.#sink())
  }
  close(): void {
    this.#close()
  }

  #sink(): MediaSink {
    const pictureHz = new Map<number, number>()
    return {
      onTrack: (track) => {
        if (track.kind === 'video') pictureHz.set(track.id, track.clockRateHz)
      },
      onFrame: ({ trackId, dtsTicks, data }) => {
        const hz = pictureHz.get(trackId)
        if (hz !== undefined) this.#onPicture(data, dtsTicks / hz)
      },
    }
  }
  #onPicture(data: Uint8Array, seconds: number): void {
    const nowMs = performance.now()
    this.firstPictureMs ??= nowMs - this.#startedMs
    const sentMs = this.#publisher.sentMs(hashOf(data))
    if (sentMs === undefined) this.unknownCount++
    else this.latenciesMs.push(nowMs - sentMs)
    if (this.#lastSeconds !== undefined && Math.abs(seconds - this.#lastSeconds) > 0.05) this.gapCount++
    this.#lastSeconds = seconds
  }
}

/** Connects and feeds the sink; returns how to stop. */
function open({ protocol, port, stream }: ProbeTarget, sink: MediaSink): () => void {
  if (protocol === 'rtmp') return openRtmp(port, stream, sink)
  if (protocol === 'hls') return openHls(port, stream, sink)
  if (!protocol.startsWith('ws-')) return openHttp(protocol, port, stream, sink)
  const demuxer = DEMUXERS[protocol.slice(3)]?.(sink)
  const socket = new WebSocket(`ws://127.0.0.1:${port}/${stream}.${protocol.slice(3)}`, { perMessageDeflate: false })
  socket.on('message', (bytes: Buffer) => demuxer?.push(bytes))
  socket.on('error', () => {})
  return () => socket.terminate()
}

function openHttp(protocol: Exclude<Protocol, 'hls'>, port: number, stream: string, sink: MediaSink): () => void {
  const demuxer = DEMUXERS[protocol]?.(sink)
  const socket = quiet(connect({ port, host: '127.0.0.1', noDelay: true }))
  socket.write(viewerRequest(protocol, port, stream))
  let head: Buffer | undefined = Buffer.alloc(0)
  socket.on('data', (bytes: Buffer) => {
    if (head === undefined) return demuxer?.push(bytes)
    head = Buffer.concat([head, bytes])
    const end = head.indexOf('\r\n\r\n')
    if (end < 0) return
    const body = head.subarray(end + 4)
    head = undefined
    demuxer?.push(body)
  })
  return () => socket.destroy()
}

function openRtmp(port: number, path: string, sink: MediaSink): () => void {
  const tags = new FlvTagDemuxer(sink)
  const socket = quiet(connect({ port, host: '127.0.0.1', noDelay: true }))
  const [app = '', ...rest] = path.split('/')
  const session = new RtmpClientSession(
    {
      send: (parts) => {
        for (const part of parts) socket.write(part)
      },
      onReady: () => {},
      onMedia: (type, timestampMs, body) => tags.onTag(type, timestampMs, body),
      onClose: () => socket.destroy(),
    },
    { randomBytes: (length) => randomBytes(length) },
    { purpose: 'play', app, streamKey: rest.join('/'), tcUrl: `rtmp://127.0.0.1:${port}/${app}` },
  )
  socket.on('data', (bytes: Buffer) => session.receive(bytes))
  socket.on('connect', () => session.start())
  return () => socket.destroy()
}

function quiet(socket: Socket): Socket {
  return socket.on('error', () => {})
}
