import { OLDEST } from '../live/kept-joins.ts'
import type { LiveStream, StreamConsumer } from '../live/live-stream.ts'
import type { LogWriter } from '../log/log-writer.ts'

/** One format of one stream, produced once. Made by packaging; the hub only keeps and counts it. */
export interface StreamOutput extends StreamConsumer {
  readonly log: LogWriter
  /** Where that takes a look at the first frames: whether they can be carried. Rejects with UnsupportedInputError. */
  readonly ready?: Promise<void>
  /** State that the log's past amounts to, where readers need it (HLS window). */
  snapshot?(): Uint8Array
  /** It was stopped because nobody reads it; nothing more comes. */
  onUnused?(): void
}

type Running = { readonly output: StreamOutput; readonly stop: Disposable; readonly users: Set<number> }

/** A stream that this worker packages, with the outputs that somebody reads at the moment. */
export class OwnedStream {
  readonly stream: LiveStream
  readonly #make: (format: string) => StreamOutput
  readonly #running = new Map<string, Running>()
  readonly #ending: LogWriter[] = []
  /** Outputs with a window that players may still fetch from after the end, on any worker. */
  readonly #lingering = new Map<string, StreamOutput>()

  constructor(stream: LiveStream, make: (format: string) => StreamOutput) {
    this.stream = stream
    this.#make = make
  }

  /** The window that an ended stream left. */
  lingering(format: string): StreamOutput | undefined {
    return this.#lingering.get(format)
  }
  /** Nobody may open what has ended any more. */
  stopLingering(): void {
    for (const { log } of this.#lingering.values()) this.#ending.push(log)
    this.#lingering.clear()
  }

  get formats(): readonly string[] {
    return [...this.#running.keys()]
  }

  /** Nothing takes this stream's frames but endless outputs, and nobody reads those but `worker`. */
  isForPassesOf(worker: number): boolean {
    if (this.#running.size === 0 || this.stream.consumerCount !== this.#running.size) return false
    for (const { output, users } of this.#running.values())
      if (output.snapshot || users.size !== 1 || !users.has(worker)) return false
    return true
  }

  /** Starts the output if nobody had it. Throws UnsupportedInputError where the format cannot carry the tracks. */
  open(format: string, worker: number): StreamOutput {
    let running = this.#running.get(format)
    if (running?.output.log.ended) {
      this.#stop(format, running)
      running = undefined
    }
    if (!running) {
      const output = this.#make(format)
      // A window begins with all there is, what has no past with the newest keyframe.
      const stop = this.stream.add(output, output.snapshot ? OLDEST : undefined)
      running = { output, stop, users: new Set() }
      this.#running.set(format, running)
    }
    running.users.add(worker)
    return running.output
  }
  close(format: string, worker: number): void {
    const running = this.#running.get(format)
    if (!running) return
    running.users.delete(worker)
    running.output.log.clearMark(worker)
    if (running.users.size === 0) this.#stop(format, running)
  }
  /** A consumer of the stream threw: its readers see the end of the log. */
  failed(consumer: StreamConsumer): string | undefined {
    for (const [format, running] of this.#running) {
      if (running.output !== consumer) continue
      this.#stop(format, running)
      return format
    }
    return undefined
  }
  /** A worker died with its marks set. */
  dropWorker(worker: number): void {
    for (const format of this.formats) this.close(format, worker)
    for (const { log } of this.#lingering.values()) log.clearMark(worker)
    for (const log of this.#ending) log.clearMark(worker)
  }
  end(): void {
    this.stream.end()
    for (const [format, running] of this.#running) {
      if (running.output.snapshot) this.#lingering.set(format, running.output)
      this.#stop(format, running)
    }
  }
  /** Gives memory back as readers let go of ended logs; true when nothing is left. */
  release(): boolean {
    for (let i = this.#ending.length - 1; i >= 0; i--) if (this.#ending[i]?.release()) this.#ending.splice(i, 1)
    return this.#ending.length === 0 && this.#lingering.size === 0
  }

  #stop(format: string, running: Running): void {
    this.#running.delete(format)
    running.stop[Symbol.dispose]()
    running.output.onUnused?.()
    running.output.log.end()
    if (this.#lingering.has(format)) return
    this.#ending.push(running.output.log)
    this.release()
  }
}
