import type { Socket } from 'node:net'
import type { TimeShift } from '../../../media/model/index.ts'
import { queuedBytes, type TcpHandle, tcpHandle, writeToHandle } from '../../../platform/net/index.ts'

export type CloseReason =
  | 'stream-ended'
  | 'stalled'
  | 'too-slow'
  | 'memory-short'
  | 'peer-closed'
  | 'no-media'
  | 'kicked'
  | 'failed'

export type ViewerOptions = {
  readonly id: string
  readonly protocol: string
  readonly remoteAddress: string
  /** Sent right in front of the log's opening bytes, for example the HTTP response head. */
  readonly head?: Uint8Array
  /** `shared`: the protocol writes to the socket too (RTMP, WebSocket). */
  readonly socketUse: 'exclusive' | 'shared'
  /** The server ends the viewer; not called when the peer went by itself. */
  readonly onEnd?: (reason: CloseReason) => void
}

/** A socket that reads a log. Everything here is O(1), whatever the time watched. */
export class Viewer {
  readonly id: string
  readonly protocol: string
  readonly remoteAddress: string
  readonly socket: Socket
  readonly startedMs: number
  readonly onEnd: ((reason: CloseReason) => void) | undefined
  head: Uint8Array | undefined
  /** Next byte of the log to send; -1 until there is a point to join at. */
  position = -1
  /** First byte of the write that the kernel has not taken whole; meaningful while `isBusy`. */
  pendingFrom = -1
  preambleVersion = 0
  moveCount = 0
  /** What its times differ by from the log's since it was moved ahead. */
  shift: TimeShift | undefined
  isLeaving = false
  /** When the queue of the socket last got shorter, and how long it was then. */
  progressMs: number
  queuedBytes = 0
  watchAgainMs = 0
  sentBytes = 0
  readonly #handle: TcpHandle | undefined
  readonly #isExclusive: boolean
  readonly #onTaken = () => {
    this.#queuedWrites--
    if (!this.isBusy) this.#onDrain()
  }
  #onDrain: () => void = () => {}
  #queuedWrites = 0

  constructor(socket: Socket, options: ViewerOptions, nowMs: number) {
    this.socket = socket
    this.id = options.id
    this.protocol = options.protocol
    this.remoteAddress = options.remoteAddress
    this.head = options.head
    this.onEnd = options.onEnd
    this.startedMs = nowMs
    this.progressMs = nowMs
    this.#handle = tcpHandle(socket)
    this.#isExclusive = this.#handle !== undefined && options.socketUse === 'exclusive'
  }

  /** `onDrain`: what the kernel had not taken is gone. */
  attach(onDrain: () => void): void {
    this.#onDrain = onDrain
    this.socket.on('drain', onDrain)
  }
  get isBusy(): boolean {
    return this.#queuedWrites > 0 || (!this.#isExclusive && this.socket.writableLength > 0)
  }
  /**
   * Lowest byte of the log that this viewer, or its socket, may still touch. `wasBusy`: as `isBusy` was before the last
   * `write`, if there was one; asking the stream costs more than all the rest here.
   */
  lowWater(wasBusy: boolean): number {
    const isBusy = this.#handle ? wasBusy || this.#queuedWrites > 0 : this.isBusy
    return isBusy ? this.pendingFrom : this.position
  }
  /** Hands over bytes that end at `to` of the log, all of them, so that no other message comes between. Not while busy. */
  write(views: readonly Uint8Array[], to: number): void {
    this.pendingFrom = this.position
    this.sentBytes += to - this.position
    this.position = to
    for (const view of views) this.#writeView(view)
  }
  #writeView(view: Uint8Array): void {
    if (!this.#handle) this.socket.write(view)
    else if (!writeToHandle(this.#handle, view, this.socket, this.#onTaken)) this.#queuedWrites++
  }

  /** Notes how far the kernel has come; returns the time without any progress. */
  stalledForMs(nowMs: number): number {
    const queued = queuedBytes(this.socket)
    if (queued !== this.queuedBytes) {
      this.queuedBytes = queued
      this.progressMs = nowMs
    }
    return nowMs - this.progressMs
  }
}
