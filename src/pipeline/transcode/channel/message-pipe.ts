import type { Duplex } from 'node:stream'
import { formatMessageStart, type Message, MessageReader } from './message.ts'

export type MessagePipeHandlers = {
  readonly onMessage: (message: Message) => void
  /** Once, when the other side is gone; with an error where it sent something broken. */
  readonly onClose: (error: Error | undefined) => void
}

const NO_PAYLOAD = new Uint8Array(0)

/** Messages over a duplex byte stream. What `onMessage` throws closes the pipe: a peer that breaks rules is not read on. */
export class MessagePipe {
  readonly #stream: Duplex
  readonly #handlers: MessagePipeHandlers
  readonly #reader = new MessageReader()
  #closed = false

  constructor(stream: Duplex, handlers: MessagePipeHandlers) {
    this.#stream = stream
    this.#handlers = handlers
    stream.on('data', (chunk: Buffer) => this.#receive(chunk))
    stream.on('end', () => this.#close(undefined))
    stream.on('close', () => this.#close(undefined))
    // A process that dies shows as a reset or a broken pipe here; why it died, its owner learns elsewhere.
    stream.on('error', () => this.#close(undefined))
  }

  get closed(): boolean {
    return this.#closed
  }
  /** The other side does not keep up: produce nothing more until `drained`. */
  get isFull(): boolean {
    return this.#stream.writableNeedDrain
  }

  /** `payload` must not change afterwards. Nothing happens on a closed pipe. Throws LimitExceededError. */
  send(type: number, header: Message['header'], payload: Uint8Array = NO_PAYLOAD): void {
    const start = formatMessageStart({ type, header, payload })
    if (this.#closed) return
    this.#stream.cork()
    this.#stream.write(start)
    if (payload.length > 0) this.#stream.write(payload)
    this.#stream.uncork()
  }
  /** Resolves when the other side has caught up, or the pipe is closed. */
  drained(): Promise<void> {
    if (this.#closed || !this.isFull) return Promise.resolve()
    return new Promise((resolve) => {
      const done = () => {
        this.#stream.off('drain', done)
        this.#stream.off('close', done)
        resolve()
      }
      this.#stream.on('drain', done)
      this.#stream.on('close', done)
    })
  }
  /** Takes nothing more, but for what has been read already; the other side finds the pipe full. */
  pause(): void {
    this.#stream.pause()
  }
  resume(): void {
    this.#stream.resume()
  }
  close(): void {
    this.#close(undefined)
  }

  #receive(chunk: Buffer): void {
    try {
      for (const message of this.#reader.push(chunk)) {
        if (this.#closed) return
        this.#handlers.onMessage(message)
      }
    } catch (error) {
      this.#close(error instanceof Error ? error : new Error(String(error)))
    }
  }
  #close(error: Error | undefined): void {
    if (this.#closed) return
    this.#closed = true
    this.#stream.destroy()
    this.#handlers.onClose(error)
  }
}
