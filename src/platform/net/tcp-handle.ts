import type { Socket } from 'node:net'

type WriteRequest = { oncomplete?: (status: number) => void; buffer?: Uint8Array }
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
  writeBuffer(request: WriteRequest, bytes: Uint8Array): number
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
  const error = handle.writeBuffer(spare, view)
  if (error !== 0) {
    socket.destroy()
    return true
  }
  if (BINDING.streamBaseState[BINDING.kLastWriteWasAsync] === 0) return true
  keep(spare, view, socket, onTaken)
  spare = undefined
  return false
}

function keep(request: WriteRequest, view: Uint8Array, socket: Socket, onTaken: () => void): void {
  request.buffer = view
  request.oncomplete = (status) => {
    if (status < 0) socket.destroy()
    onTaken()
  }
}

/** Every socket of a thread is read into this: what was read is used up before the next read. */
const READ_BUFFER = new Uint8Array(256 * 1024)

/**
 * `onBytes` gets what the peer sends, as a view that is valid during the call only: no buffer is made and no stream
 * machinery runs per read. For sockets that are read to their end and never paused. End and errors come as the socket's
 * events, as ever.
 */
export function onSocketBytes(socket: Socket, onBytes: (bytes: Uint8Array) => void): void {
  const handle = tcpHandle(socket)
  if (!BINDING || !handle) {
    socket.on('data', (bytes: Buffer) => onBytes(new Uint8Array(bytes.buffer, bytes.byteOffset, bytes.length)))
    return
  }
  const { streamBaseState, kReadBytesOrError } = BINDING
  const { onread } = handle
  handle.useUserBuffer(READ_BUFFER)
  handle.onread = function (bytes) {
    const count = streamBaseState[kReadBytesOrError] ?? 0
    if (count > 0) onBytes(READ_BUFFER.subarray(0, count))
    else onread.call(this, bytes)
  }
  socket.resume()
}

function handleOf(socket: Socket): TcpHandle | null | undefined {
  return (socket as { _handle?: TcpHandle | null })._handle
}
