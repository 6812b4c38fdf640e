import { once } from 'node:events'
import { type ClientRequest, type IncomingMessage, request } from 'node:http'
import { text } from 'node:stream/consumers'
import { type SyntheticOptions, SyntheticStream } from './synthetic.ts'

/** Where a server answers. */
export type HttpAddress = { http(path: string): string }

export type Answer = { readonly status: number; readonly body: string }

/** A publisher that is driven by hand: frames go out when the test says so. */
export class HttpPublisher implements Disposable {
  readonly stream: SyntheticStream
  readonly #request: ClientRequest
  /** What the server said, at the end of the body or before it. */
  readonly answer: Promise<Answer>

  constructor(
    server: HttpAddress,
    path: string,
    options: SyntheticOptions & { readonly headers?: Record<string, string> } = {},
  ) {
    this.stream = new SyntheticStream(options)
    this.#request = request(server.http(path), { method: 'POST', headers: options.headers ?? {} })
    this.answer = readAnswer(this.#request)
    this.answer.catch(() => {})
    this.#request.write(this.stream.header())
  }
  async send(frameCount: number): Promise<void> {
    await this.sendBytes(this.stream.frames(frameCount))
  }
  async sendBytes(bytes: Uint8Array): Promise<void> {
    if (!this.#request.write(bytes)) await Promise.race([once(this.#request, 'drain'), this.answer.catch(() => {})])
  }
  async finish(): Promise<Answer> {
    this.#request.end()
    return await this.answer
  }
  /** As if the cable was pulled. */
  [Symbol.dispose](): void {
    this.#request.destroy()
  }
}

async function readAnswer(sent: ClientRequest): Promise<Answer> {
  const [response] = (await once(sent, 'response')) as [IncomingMessage]
  return { status: response.statusCode ?? 0, body: await text(response) }
}

/** A live HTTP response, read piece by piece. */
export class HttpViewer implements Disposable {
  readonly #response: IncomingMessage
  readonly #parts: Buffer[] = []
  #byteLength = 0
  ended = false
  readonly #closed: Promise<void>

  private constructor(response: IncomingMessage) {
    this.#response = response
    response.on('data', (bytes: Buffer) => {
      this.#parts.push(bytes)
      this.#byteLength += bytes.length
    })
    this.#closed = once(response, 'close').then(() => {
      this.ended = true
    })
  }
  static async open(server: HttpAddress, path: string): Promise<HttpViewer> {
    const sent = request(server.http(path), { agent: false })
    sent.end()
    const [response] = (await once(sent, 'response')) as [IncomingMessage]
    return new HttpViewer(response)
  }
  /** Resolves with its first bytes: from then on it takes part. */
  static async join(server: HttpAddress, path: string): Promise<HttpViewer> {
    const viewer = await HttpViewer.open(server, path)
    await viewer.atLeast(1)
    return viewer
  }
  get status(): number {
    return this.#response.statusCode ?? 0
  }
  get received(): Buffer {
    const whole = Buffer.concat(this.#parts)
    this.#parts.splice(0, this.#parts.length, whole)
    return whole
  }
  /** `listen` gets what has come, and what comes. */
  onBytes(listen: (bytes: Buffer) => void): void {
    listen(this.received)
    this.#response.on('data', listen)
  }
  /** Resolves when so much has arrived. */
  async atLeast(byteCount: number): Promise<void> {
    while (this.#byteLength < byteCount && !this.ended) await Promise.race([once(this.#response, 'data'), this.#closed])
  }
  async end(): Promise<void> {
    await this.#closed
  }
  pause(): void {
    this.#response.pause()
  }
  [Symbol.dispose](): void {
    this.#response.destroy()
  }
}
