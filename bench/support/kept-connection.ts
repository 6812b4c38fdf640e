import { connect, type Socket } from 'node:net'

const HEADER_END = Buffer.from('\r\n\r\n')

/** One connection that is kept: requests one after the other, each answered whole. */
export class KeptConnection {
  readonly #socket: Socket
  readonly #port: number
  #received: Buffer[] = []
  #length = 0
  #neededBytes = Number.POSITIVE_INFINITY
  #headBytes = 0
  #onAnswer: ((status: number, body: Buffer) => void) | undefined

  constructor(port: number) {
    this.#port = port
    this.#socket = connect({ port, host: '127.0.0.1', noDelay: true })
    this.#socket.on('error', () => {})
    this.#socket.on('data', (bytes: Buffer) => this.#onData(bytes))
  }
  get(path: string, onAnswer: (status: number, body: Buffer) => void): void {
    this.#onAnswer = onAnswer
    this.#socket.write(`GET ${path} HTTP/1.1\r\nHost: 127.0.0.1:${this.#port}\r\n\r\n`)
  }
  close(): void {
    this.#socket.destroy()
  }

  #onData(bytes: Buffer): void {
    this.#received.push(bytes)
    this.#length += bytes.length
    if (this.#headBytes === 0) {
      const all = Buffer.concat(this.#received)
      this.#received = [all]
      const end = all.indexOf(HEADER_END)
      if (end < 0) return
      this.#headBytes = end + HEADER_END.length
      const length = /content-length: *(\d+)/i.exec(all.toString('latin1', 0, end))?.[1]
      this.#neededBytes = this.#headBytes + Number(length ?? 0)
    }
    if (this.#length < this.#neededBytes) return
    const all = Buffer.concat(this.#received)
    const [headBytes, neededBytes] = [this.#headBytes, this.#neededBytes]
    this.#received = []
    this.#length = this.#headBytes = 0
    this.#neededBytes = Number.POSITIVE_INFINITY
    this.#onAnswer?.(Number(all.toString('latin1', 9, 12)), all.subarray(headBytes, neededBytes))
  }
}
