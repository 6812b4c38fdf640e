import type { Transferable } from 'node:worker_threads'
import { MalformedInputError, MillraceError, UnsupportedInputError } from '../../media/errors.ts'
import { AccessDeniedError, UnavailableError } from '../errors.ts'

/** The methods that one side of a port offers. Arguments and results are whatever structured clone carries. */
// biome-ignore lint/suspicious/noExplicitAny: the one place where the methods of any interface are listed as a type
export type Methods<T> = { [K in keyof T]: (...args: any[]) => unknown }

type Call = { readonly id: number; readonly method: string; readonly args: readonly unknown[] }
type Reply = { readonly reply: number; readonly result?: unknown; readonly error?: WireError }
type WireError = { readonly code: string; readonly message: string; readonly stack?: string }
type Pending = { resolve(value: unknown): void; reject(error: Error): void }

/** A MessagePort or a Worker. */
interface PortLike {
  postMessage(message: unknown, transfer?: Transferable[]): void
  on(event: 'message', listener: (message: Call | Reply) => void): unknown
}

/**
 * Calls between threads: `call` awaits an answer, `notify` does not. Messages of one port arrive in order, which the
 * log exchange relies on (a handle first, its later segments after it).
 */
export class RpcPort<Remote extends Methods<Remote>> {
  readonly #port: PortLike
  readonly #pending = new Map<number, Pending>()
  readonly #local: Readonly<Record<string, (...args: never[]) => unknown>>
  #nextId = 1
  #closed: Error | undefined

  constructor(port: PortLike, local: object) {
    this.#port = port
    this.#local = local as Record<string, (...args: never[]) => unknown>
    port.on('message', (message: Call | Reply) => this.#receive(message))
  }

  call<K extends keyof Remote & string>(
    method: K,
    ...args: Parameters<Remote[K]>
  ): Promise<Awaited<ReturnType<Remote[K]>>> {
    if (this.#closed) return Promise.reject(this.#closed)
    const id = this.#nextId++
    return new Promise((resolve, reject) => {
      this.#pending.set(id, { resolve: resolve as (value: unknown) => void, reject })
      this.#port.postMessage({ id, method, args })
    })
  }
  notify<K extends keyof Remote & string>(method: K, ...args: Parameters<Remote[K]>): void {
    if (!this.#closed) this.#port.postMessage({ id: 0, method, args })
  }
  transfer<K extends keyof Remote & string>(transfer: Transferable[], method: K, ...args: Parameters<Remote[K]>): void {
    if (!this.#closed) this.#port.postMessage({ id: 0, method, args }, transfer)
  }
  /** Fails every open call: the other side is gone. */
  close(reason: Error): void {
    this.#closed = reason
    for (const pending of this.#pending.values()) pending.reject(reason)
    this.#pending.clear()
  }

  #receive(message: Call | Reply): void {
    if ('reply' in message) this.#settle(message)
    else void this.#run(message)
  }
  #settle(message: Reply): void {
    const pending = this.#pending.get(message.reply)
    this.#pending.delete(message.reply)
    if (message.error) pending?.reject(fromWire(message.error))
    else pending?.resolve(message.result)
  }
  async #run({ id, method, args }: Call): Promise<void> {
    try {
      const result = await this.#local[method]?.(...(args as never[]))
      if (id !== 0) this.#port.postMessage({ reply: id, result })
    } catch (error) {
      if (id === 0) throw error
      this.#port.postMessage({ reply: id, error: toWire(error) })
    }
  }
}

function toWire(error: unknown): WireError {
  if (error instanceof MillraceError) return { code: error.code, message: error.message }
  if (error instanceof Error) return { code: '', message: error.message, stack: error.stack ?? '' }
  return { code: '', message: String(error) }
}

function fromWire({ code, message, stack }: WireError): Error {
  if (code === 'access-denied' || code === 'name-in-use' || code === 'not-found')
    return new AccessDeniedError(message, code)
  if (code === 'unavailable') return new UnavailableError('server', message)
  if (code === 'unsupported-input') return new UnsupportedInputError(message)
  if (code === 'malformed-input') return new MalformedInputError('input', 0, message)
  const error = new Error(message)
  if (stack) error.stack = stack
  return error
}
