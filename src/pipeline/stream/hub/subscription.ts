import type { LogReader } from '../log/log-reader.ts'

/** One worker's hold on one output of one stream, shared by all its viewers. */
export class Subscription {
  readonly name: string
  readonly format: string
  readonly reader: LogReader
  readonly snapshot: Uint8Array | undefined
  /** Where the log stood when the snapshot was taken. */
  readonly startPosition: number
  readonly #listeners = new Set<() => void>()
  readonly #onRelease: (subscription: Subscription) => void
  #released = false

  constructor(
    output: { readonly name: string; readonly format: string; readonly snapshot: Uint8Array | undefined },
    reader: LogReader,
    onRelease: (subscription: Subscription) => void,
  ) {
    this.name = output.name
    this.format = output.format
    this.snapshot = output.snapshot
    this.reader = reader
    this.startPosition = reader.startPosition
    this.#onRelease = onRelease
  }

  /** Called when there may be new bytes, and at the end of the log. */
  onData(listener: () => void): void {
    this.#listeners.add(listener)
  }
  notify(): void {
    for (const listener of this.#listeners) listener()
  }
  /** No viewer of this worker needs it any more. Idempotent. */
  release(): void {
    if (this.#released) return
    this.#released = true
    this.reader.letGo()
    this.#onRelease(this)
  }
}
