import type { Socket } from 'node:net'

type WriteRequest = { oncomplete?: (status: number) => void; buffer?: Uint8Array | readonly Uint8Array[] }
type ReadCallback = (this: TcpHandle, bytes: ArrayBuffer | undefined) => void
type StreamBinding = {
  readonly WriteWrap: new () => WriteRequest
  readonly streamBaseState: Int32Array
  readonly kLastWriteWasAsync: number
  readonly kReadBytesOrError: number
}

/** The libuv stream that `net.Socket` itself reads from and writes to. */
export type TcpHandle = {
  readonly writeQueueSize: number
  readonly constructor: { readonly name: string }
  onread: ReadCallback
  useUserBuffer(buffer: Uint8Array): void
  readStart(): number
  readStop(): number
  writeBuffer(request: WriteRequest, bytes: Uint8Array): number
  writev(request: WriteRequest, parts: readonly Uint8Array[], allBuffers: boolean): number
}

function findBinding(): StreamBinding | undefined {
  try {
    const { binding } = process as { binding?: (name: string) => Partial<StreamBinding> }
    const found = binding?.('stream_wrap')
    const isWhole =
      found?.WriteWrap &&
      found.streamBaseState &&
      typeof found.kLastWriteWasAsync === 'number' &&
      typeof found.kReadBytesOrError === 'number'
    return isWhole ? (found as StreamBinding) : undefined
  } catch {
    return undefined
  }
}

const BINDING = findBinding()
/** A request that no write has taken: one is enough for all sockets while the kernel takes their bytes at once. */
let spare: WriteRequest | undefined

/**
 * The handle below a plain TCP socket. A write on it that the kernel takes at once is one call and allocates nothing;
 * through the stream it costs a request object, two callbacks and a turn of the tick queue, which is a third of the
 * whole cost of a viewer. Undefined for TLS and pipes, and on a runtime that is built otherwise: use the socket then.
 */
export function tcpHandle(socket: Socket): TcpHandle | undefined {
  const handle = handleOf(socket)
  if (!BINDING || handle?.constructor.name !== 'TCP') return undefined
  return typeof handle.writeBuffer === 'function' && typeof handle.useUserBuffer === 'function' ? handle : undefined
}

/** Bytes that the kernel has not taken yet. */
export function queuedBytes(socket: Socket): number {
  return handleOf(socket)?.writeQueueSize ?? socket.writableLength
}

/**
 * Writes without copying: true when the kernel has taken all of it, false when libuv keeps the rest, in the order of
 * all writes of the socket; `onTaken` is called once it is gone. A failure destroys the socket and counts as taken.
 */
export function writeToHandle(handle: TcpHandle, view: Uint8Array, socket: Socket, onTaken: () => void): boolean {
  if (!BINDING) return true
  spare ??= new BINDING.WriteWrap()
  return isTaken(handle.writeBuffer(spare, view), view, socket, onTaken)
}

/** The same for several pieces in one call. */
export function writePartsToHandle(
  handle: TcpHandle,
  parts: readonly Uint8Array[],
  socket: Socket,
  onTaken: () => void,
): boolean {
  const [only] = parts
  if (only && parts.length === 1) return writeToHandle(handle, only, socket, onTaken)
  if (!BINDING) return true
  spare ??= new BINDING.WriteWrap()
  return isTaken(handle.writev(spare, parts, true), parts, socket, onTaken)
}

/** What became of the write that `spare` was handed to. */
function isTaken(error: number, bytes: Kept, socket: Socket, onTaken: () => void): boolean {
  if (error !== 0) {
    socket.destroy()
    return true
  }
  if (!BINDING || !spare || BINDING.streamBaseState[BINDING.kLastWriteWasAsync] === 0) return true
  keep(spare, bytes, socket, onTaken)
  spare = undefined
  return false
}

type Kept = Uint8Array | readonly Uint8Array[]

function keep(request: WriteRequest, bytes: Kept, socket: Socket, onTaken: () => void): void {
  request.buffer = bytes
  request.oncomplete = (status) => {
    if (status < 0) socket.destroy()
    onTaken()
  }
}

/** Every socket of a thread is read into this: what was read is used up before the next read. */
const READ_BUFFER = Buffer.from(new ArrayBuffer(256 * 1024))

/** What the peer sends stays in the kernel between `pause` and `resume`, its end included. */
export interface Reading {
  pause(): void
  /** What has come meanwhile is read in the next poll phase of the loop: before its next `setImmediate`. */
  resume(): void
}

/**
 * `onBytes` gets what the peer sends, as a view that is valid during the call only: no buffer is made and no stream
 * machinery runs per read. For sockets that are read to their end. End and errors come as the socket's events, as ever.
 * Undefined where reading cannot be paused without the stream's machinery.
 */
export function onSocketBytes(socket: Socket, onBytes: (bytes: Uint8Array) => void): Reading | undefined {
  const handle = tcpHandle(socket)
  if (!BINDING || !handle) {
    socket.on('data', (bytes: Buffer) => onBytes(new Uint8Array(bytes.buffer, bytes.byteOffset, bytes.length)))
    return undefined
  }
  readWith(handle, (buffer, count) => onBytes(new Uint8Array(buffer.buffer, buffer.byteOffset, count)))
  socket.resume()
  return {
    pause: () => void (socket.destroyed || handle.readStop()),
    resume: () => void (socket.destroyed || handle.readStart()),
  }
}

type OnRead = (buffer: Buffer, count: number) => void

/** Returns the callback of the socket itself, which still gets what is not bytes. */
function readWith(handle: TcpHandle, onRead: OnRead): ReadCallback {
  const { onread } = handle
  if (!BINDING) return onread
  const { streamBaseState, kReadBytesOrError } = BINDING
  handle.useUserBuffer(READ_BUFFER)
  handle.onread = function (bytes) {
    const count = streamBaseState[kReadBytesOrError] ?? 0
    if (count > 0) onRead(READ_BUFFER, count)
    else onread.call(this, bytes)
  }
  return onread
}

/**
 * A plain TCP socket whose bytes go past its stream, both ways, until it is given back. End, errors and closing stay
 * the socket's events. For sockets that nobody has read from yet.
 */
export class TakenSocket {
  readonly #socket: Socket
  readonly #handle: TcpHandle
  readonly #onread: ReadCallback
  /** Gets what the peer sends, in a buffer that is valid during the call only. */
  onRead: OnRead = () => {}

  private constructor(socket: Socket, handle: TcpHandle) {
    this.#socket = socket
    this.#handle = handle
    this.#onread = readWith(handle, (buffer, count) => this.onRead(buffer, count))
  }
  /** Undefined where `tcpHandle` is. */
  static take(socket: Socket): TakenSocket | undefined {
    const handle = tcpHandle(socket)
    return handle && new TakenSocket(socket, handle)
  }

  /** As `writeToHandle`. */
  write(parts: readonly Uint8Array[], onTaken: () => void): boolean {
    return writePartsToHandle(this.#handle, parts, this.#socket, onTaken)
  }
  pause(): void {
    this.#handle.readStop()
  }
  resume(): void {
    this.#handle.readStart()
  }
  /** What is read from now on goes to the socket's stream, in copies: the buffer below stays the shared one. */
  giveBack(): void {
    if (!BINDING) return
    const { streamBaseState, kReadBytesOrError } = BINDING
    const onread = this.#onread
    this.#handle.onread = function () {
      const count = streamBaseState[kReadBytesOrError] ?? 0
      onread.call(this, count > 0 ? new Uint8Array(READ_BUFFER.subarray(0, count)).buffer : undefined)
    }
    this.#handle.readStart()
  }
}

function handleOf(socket: Socket): TcpHandle | null | undefined {
  return (socket as { _handle?: TcpHandle | null })._handle
}
