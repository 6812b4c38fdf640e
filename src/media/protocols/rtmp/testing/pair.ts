import type { MillraceError } from '../../../errors.ts'
import {
  type RtmpClientOptions,
  RtmpClientSession,
  type RtmpServerHandler,
  type RtmpServerLimits,
  RtmpServerSession,
} from '../index.ts'
import { concat } from './messages-of.ts'
import { NODE_CRYPTO } from './node-crypto.ts'

/** A client and a server that talk through two queues, with a record of what happened. */
export class Pair {
  readonly log: string[] = []
  readonly server: RtmpServerSession
  readonly client: RtmpClientSession
  readonly toServer: Uint8Array[] = []
  readonly toClient: Uint8Array[] = []

  constructor(
    options: Partial<RtmpClientOptions>,
    answers: Partial<RtmpServerHandler> = {},
    limits: RtmpServerLimits = {},
  ) {
    this.server = new RtmpServerSession({ ...this.#recorder(), ...answers }, NODE_CRYPTO, 0, limits)
    const handler = {
      send: (parts: readonly Uint8Array[]) => this.toServer.push(concat(parts)),
      onReady: () => this.log.push('ready'),
      onMedia: (type: number, ms: number, body: Uint8Array) => this.log.push(`client ${type} ${ms} ${body.length}`),
      onClose: (error: MillraceError | undefined) => this.log.push(`client closed ${error?.message ?? ''}`.trim()),
      onReconnectRequest: (tcUrl: string | undefined) => this.log.push(`reconnect ${tcUrl ?? ''}`),
    }
    const target = { purpose: 'publish', app: 'live', tcUrl: 'rtmp://h/live', streamKey: 'demo?key=s3cret' } as const
    this.client = new RtmpClientSession(handler, NODE_CRYPTO, { ...target, ...options })
    this.client.start()
  }

  #recorder(): RtmpServerHandler {
    return {
      send: (bytes) => this.toClient.push(bytes),
      onConnect: (info) => this.log.push(`connect ${info.app} ${info.capabilities.fourCcs.length}`),
      onPublish: (request) => this.log.push(`publish ${request.messageStreamId} ${request.path} ${request.query.key}`),
      onPlay: (request) => this.log.push(`play ${request.messageStreamId} ${request.path}`),
      onUnpublish: (id) => this.log.push(`unpublish ${id}`),
      onStop: (id) => this.log.push(`stop ${id}`),
      onMedia: (id, type, ms, body) => this.log.push(`server ${id} ${type} ${ms} ${body.length}`),
      onClose: (error) => this.log.push(`server closed ${error?.message ?? ''}`.trim()),
    }
  }

  /** Moves bytes to and fro until nobody has anything to say. */
  run(nowMs = 0): string[] {
    while (this.toServer.length + this.toClient.length > 0) {
      for (const bytes of this.toServer.splice(0)) this.server.receive(bytes, nowMs)
      for (const bytes of this.toClient.splice(0)) this.client.receive(bytes)
    }
    return this.log.splice(0)
  }
}
