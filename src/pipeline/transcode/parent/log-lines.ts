import type { Readable } from 'node:stream'
import type { Logger } from '../../../platform/telemetry/index.ts'

const MAX_LINES_PER_SECOND = 20
const MAX_LINE_CHARACTERS = 400
const WINDOW_MS = 1000

/** Logs what a child writes to its standard error at level debug, a bounded number of lines a second. */
export class LogLines {
  readonly #log: Logger
  readonly #nowMs: () => number
  #rest = ''
  #windowStartMs = 0
  #windowCount = 0
  #dropped = 0

  /** `nowMs`: monotonic milliseconds. */
  constructor(log: Logger, nowMs: () => number = () => performance.now()) {
    this.#log = log
    this.#nowMs = nowMs
  }

  read(stream: Readable): void {
    stream.setEncoding('utf8')
    stream.on('data', (text: string) => this.push(text))
    stream.on('error', () => {})
  }
  push(text: string): void {
    const lines = (this.#rest + text).split(/[\r\n]+/)
    this.#rest = (lines.pop() ?? '').slice(0, MAX_LINE_CHARACTERS)
    for (const line of lines) if (line.trim() !== '') this.#line(line.trim())
  }

  #line(line: string): void {
    const now = this.#nowMs()
    if (now - this.#windowStartMs >= WINDOW_MS) this.#startWindow(now)
    if (this.#windowCount++ < MAX_LINES_PER_SECOND) {
      this.#log.debug('codec.output', { line: line.slice(0, MAX_LINE_CHARACTERS) })
    } else {
      this.#dropped++
    }
  }
  #startWindow(now: number): void {
    if (this.#dropped > 0) this.#log.debug('codec.output-dropped', { lines: this.#dropped })
    this.#windowStartMs = now
    this.#windowCount = 0
    this.#dropped = 0
  }
}
