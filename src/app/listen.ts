import { readFileSync } from 'node:fs'
import type { Server } from 'node:net'
import { HttpListener, type ListenerContext, RtmpListener, type TlsFiles } from '../pipeline/listeners/index.ts'
import type { Config } from '../platform/config/index.ts'
import { ConfigurationError, UnavailableError } from '../platform/errors.ts'
import { type BoundListener, LISTENERS, type ListenerName } from './worker-messages.ts'

/** Whether several threads can listen on one port. Elsewhere there is one media worker. */
export const CAN_REUSE_PORT = process.platform === 'linux'

export function readTls(config: Config): TlsFiles | undefined {
  if (!config.tls) return undefined
  return { cert: readPem('tls.certFile', config.tls.certFile), key: readPem('tls.keyFile', config.tls.keyFile) }
}
function readPem(key: string, file: string): Buffer {
  try {
    return readFileSync(file)
  } catch (error) {
    throw new ConfigurationError(file, key, 'a readable PEM file', (error as Error).message)
  }
}

type Listener = { readonly server: Server; close(): void }

/** All listeners of one worker. */
export class Listeners {
  readonly #context: ListenerContext
  readonly #open: Listener[] = []

  constructor(context: ListenerContext) {
    this.#context = context
  }

  async listen(ports: Readonly<Partial<Record<ListenerName, number>>>): Promise<BoundListener[]> {
    const { config } = this.#context
    const tls = readTls(config)
    const make: Record<ListenerName, () => Listener | undefined> = {
      http: () => new HttpListener(this.#context),
      https: () => (tls ? new HttpListener(this.#context, tls) : undefined),
      rtmp: () => new RtmpListener(this.#context),
      rtmps: () => (tls ? new RtmpListener(this.#context, tls) : undefined),
    }
    const bound: BoundListener[] = []
    for (const name of LISTENERS) {
      const listener = make[name]()
      if (!listener) continue
      this.#open.push(listener)
      bound.push(await bind(name, listener.server, config[name].host, ports[name] ?? config[name].port))
    }
    return bound
  }
  close(): void {
    for (const listener of this.#open) listener.close()
  }
}

function bind(listener: ListenerName, server: Server, host: string | undefined, port: number): Promise<BoundListener> {
  return new Promise((resolve, reject) => {
    server.once('error', (error) => {
      reject(new UnavailableError(`${listener} port ${port}`, `${error.message} (set ${listener}.port to another)`))
    })
    server.listen({ port, ...(host === undefined ? {} : { host }), reusePort: CAN_REUSE_PORT, backlog: 4096 }, () => {
      const address = server.address()
      if (typeof address === 'object' && address) resolve({ listener, host: address.address, port: address.port })
    })
  })
}
