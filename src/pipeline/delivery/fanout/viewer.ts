import type { Socket } from 'node:net'

export type CloseReason = 'stream-ended' | 'stalled' | 'too-slow' | 'peer-closed' | 'no-media' | 'kicked' | 'failed'

export type ViewerOptions = {
  readonly id: string
  readonly protocol: string
  readonly remoteAddress: string
  /** Sent right in front of the log's opening bytes, for example the HTTP response head. */
  readonly head?: Uint8Array
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
  /** First byte of the write that the kernel has not taken whole; meaningful while `busy`. */
  pendingFrom = -1
  preambleVersion = 0
  moveCount = 0
  /** When the queue of the socket last got shorter, and how long it was then. */
  progressMs: number
  queuedBytes = 0
  sentBytes = 0

  constructor(socket: Socket, options: ViewerOptions, nowMs: number) {
    this.socket = socket
    this.id = options.id
    this.protocol = options.protocol
    this.remoteAddress = options.remoteAddress
    this.head = options.head
    this.onEnd = options.onEnd
    this.startedMs = nowMs
    this.progressMs = nowMs
  }

  get busy(): boolean {
    return this.socket.writableLength > 0
  }
  /** Lowest byte of the log that this viewer, or its socket, may still touch. */
  get lowWater(): number {
    return this.busy ? this.pendingFrom : this.position
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

/** `writeQueueSize` of the libuv handle counts what the kernel has not taken; `writableLength` only whole writes. */
function queuedBytes(socket: Socket): number {
  const handle = (socket as { _handle?: { writeQueueSize?: number } | null })._handle
  return handle?.writeQueueSize ?? socket.writableLength
}
