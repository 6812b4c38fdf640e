import { createHmac, randomBytes } from 'node:crypto'
import type { Socket } from 'node:net'
import type { FlvTagDemuxer } from '../../../media/formats/flv/index.ts'
import {
  type RtmpCrypto,
  type RtmpMediaType,
  type RtmpPlayRequest,
  type RtmpPublishRequest,
  RtmpServerSession,
} from '../../../media/protocols/rtmp/index.ts'
import { plainAddress } from '../../../platform/auth/index.ts'
import { streamNameProblem } from '../../../platform/config/index.ts'
import { AccessDeniedError } from '../../../platform/errors.ts'
import { onSocketBytes, type Reading } from '../../../platform/net/index.ts'
import { errorFields } from '../../../platform/telemetry/index.ts'
import { type CloseReason, Viewer } from '../../delivery/index.ts'
import { rtmpToFrames } from '../../ingest/index.ts'
import { orderedFormat, type RtmpPlayerKind, rtmpFormat } from '../../packaging/index.ts'
import type { Publication } from '../../stream/index.ts'
import type { ListenerContext } from '../context.ts'

const CRYPTO: RtmpCrypto = {
  hmacSha256: (key, data) => createHmac('sha256', key).update(data).digest(),
  randomBytes: (length) => randomBytes(length),
}

/**
 * A publisher that sends more than this between two passes is read as it comes: the kernel's buffer, 128 KiB at first,
 * must not hold it up.
 */
const MAX_RESTED_BYTES = 65_536

type Publishing = { readonly publication: Publication; readonly toFrames: FlvTagDemuxer; lastMediaMs: number }

/** One RTMP connection: socket ⇄ session, and per message stream a publication or a viewer. */
export class RtmpConnection {
  readonly #context: ListenerContext
  readonly #socket: Socket
  readonly #session: RtmpServerSession
  readonly #protocol: string
  readonly #publishing = new Map<number, Publishing | 'asked'>()
  readonly #playing = new Map<number, Viewer | 'asked'>()
  readonly #reading: Reading | undefined
  readonly #readOn = () => this.#reading?.resume()
  readonly remoteAddress: string

  constructor(context: ListenerContext, socket: Socket, protocol: 'rtmp' | 'rtmps') {
    this.#context = context
    this.#socket = socket
    this.#protocol = protocol
    this.remoteAddress = plainAddress(socket.remoteAddress)
    const { maxMessageBytes, maxBufferedBytes, handshakeMs } = context.config.limits
    this.#session = new RtmpServerSession(
      {
        send: (bytes) => this.#send(bytes),
        onPublish: (request) => void this.#onPublish(request),
        onPlay: (request) => void this.#onPlay(request),
        onUnpublish: (id) => this.#onUnpublish(id, 'publisher finished'),
        onStop: (id) => this.#onStop(id),
        onMedia: (id, type, timestampMs, body) => this.#onMedia(id, type, timestampMs, body),
        onClose: (error) => this.#onSessionClose(error),
      },
      CRYPTO,
      performance.now(),
      { maxMessageBytes, maxBufferedBytes, handshakeMs, idleMs: handshakeMs },
    )
    socket.setNoDelay(true)
    this.#reading = onSocketBytes(socket, (bytes) => this.#receive(bytes))
    socket.on('error', () => {})
    socket.on('close', () => this.#session.close())
  }

  /** Closes what is past its time: slow handshakes, idle connections, silent publishers. */
  check(nowMs: number): void {
    const { deadlineMs } = this.#session
    if (deadlineMs !== undefined && nowMs > deadlineMs) return this.#drop('the peer did not say in time what it wants')
    const { idleMs } = this.#context.config.limits
    for (const publishing of this.#publishing.values()) {
      if (publishing !== 'asked' && nowMs - publishing.lastMediaMs > idleMs)
        return this.#drop('the publisher went silent')
    }
  }
  close(): void {
    this.#session.close()
    this.#socket.destroy()
  }

  #receive(bytes: Uint8Array): void {
    const receive = () => this.#session.receive(bytes, performance.now())
    const [publishing] = this.#publishing.values()
    if (this.#publishing.size !== 1 || !publishing || publishing === 'asked') receive()
    else {
      publishing.publication.gather(receive)
      if (bytes.length <= MAX_RESTED_BYTES) this.#rest(publishing.publication)
    }
  }
  /**
   * What the viewers get in the next pass is read right before it, all at once: a stream's way through the server costs
   * two to three times as much while everything it touches has to be fetched anew for every picture.
   */
  #rest(publication: Publication): void {
    if (!this.#reading || this.#playing.size > 0 || !publication.isForPasses()) return
    if (this.#context.delivery.restUntilPass(this.#readOn)) this.#reading.pause()
  }

  /** Log bytes and control messages share the socket; both are written in whole messages. */
  #send(bytes: Uint8Array): void {
    if (!this.#socket.destroyed) this.#socket.write(bytes)
  }

  async #onPublish(request: RtmpPublishRequest): Promise<void> {
    const { messageStreamId: id, path: name, query } = request
    this.#publishing.set(id, 'asked')
    try {
      const { token, key = token } = query
      const agent = this.#session.connectInfo?.flashVer
      const publication = await this.#context.hub.publish({
        name,
        protocol: this.#protocol,
        remoteAddress: this.remoteAddress,
        ...(key === undefined ? {} : { key }),
        ...(agent ? { agent } : {}),
      })
      if (this.#session.isClosed || this.#publishing.get(id) !== 'asked') return publication.end('connection closed')
      publication.onKick = (reason) => this.#drop(reason)
      const toFrames = rtmpToFrames(publication, this.#context.config.limits)
      this.#publishing.set(id, { publication, toFrames, lastMediaMs: performance.now() })
      this.#session.acceptPublish(id)
    } catch (error) {
      this.#publishing.delete(id)
      this.#refuse(id, 'NetStream.Publish.BadName', name, error)
    }
  }

  get #playerKind(): RtmpPlayerKind {
    const { fourCcs = [] } = this.#session.connectInfo?.capabilities ?? {}
    return fourCcs.length > 0 ? 'enhanced' : 'classic'
  }

  async #onPlay({ messageStreamId: id, path: name, query }: RtmpPlayRequest): Promise<void> {
    this.#playing.set(id, 'asked')
    const problem = streamNameProblem(name)
    try {
      if (problem) throw new AccessDeniedError(problem, 'not-found')
      const format = orderedFormat(rtmpFormat(id, this.#playerKind), query.bframes === '0' ? 'as-shown' : 'any')
      await this.#context.hub.subscribe(name, format)
      if (this.#session.isClosed || this.#playing.get(id) !== 'asked') return
      const viewer = new Viewer(
        this.#socket,
        {
          id: this.#context.newSessionId(),
          protocol: this.#protocol,
          remoteAddress: this.remoteAddress,
          socketUse: 'shared',
          onEnd: (reason) => this.#onViewerEnd(id, reason),
        },
        performance.now(),
      )
      this.#playing.set(id, viewer)
      this.#session.acceptPlay(id)
      await this.#context.delivery.watch(name, format, viewer)
    } catch (error) {
      this.#playing.delete(id)
      if (!(error instanceof AccessDeniedError && error.code === 'not-found'))
        return this.#refuse(id, 'NetStream.Play.Failed', name, error)
      if (!this.#session.isClosed) this.#session.refuse(id, 'NetStream.Play.StreamNotFound', error.message)
    }
  }

  #refuse(id: number, code: string, stream: string, error: unknown): void {
    this.#context.log.info('rtmp.refused', { stream, remote: this.remoteAddress, ...errorFields(error) })
    if (!this.#session.isClosed) this.#session.refuse(id, code, error instanceof Error ? error.message : 'refused')
    this.#socket.end()
  }

  #onMedia(id: number, type: RtmpMediaType, timestampMs: number, body: Uint8Array): void {
    const publishing = this.#publishing.get(id)
    if (!publishing || publishing === 'asked') return
    publishing.lastMediaMs = performance.now()
    publishing.toFrames.onTag(type, timestampMs, body)
  }
  #onUnpublish(id: number, reason: string): void {
    const publishing = this.#publishing.get(id)
    this.#publishing.delete(id)
    if (publishing && publishing !== 'asked') publishing.publication.end(reason)
  }
  #onStop(id: number): void {
    const viewer = this.#playing.get(id)
    this.#playing.delete(id)
    if (viewer && viewer !== 'asked') this.#context.delivery.leave(viewer)
  }
  #onViewerEnd(id: number, reason: CloseReason): void {
    this.#playing.delete(id)
    if (this.#session.isClosed) return
    if (reason === 'stream-ended') this.#session.endPlay(id)
    else this.#socket.resetAndDestroy()
    if (this.#playing.size + this.#publishing.size === 0) this.#socket.end()
  }

  #onSessionClose(error: Error | undefined): void {
    for (const id of [...this.#publishing.keys()]) this.#onUnpublish(id, error ? error.message : 'connection closed')
    for (const id of [...this.#playing.keys()]) this.#onStop(id)
    if (!error) return
    this.#context.log.warn('rtmp.failed', { remote: this.remoteAddress, ...errorFields(error) })
    this.#socket.destroy()
  }
  #drop(reason: string): void {
    for (const id of [...this.#publishing.keys()]) this.#onUnpublish(id, reason)
    this.#session.close()
    this.#socket.end()
    this.#socket.destroySoon()
  }
}
