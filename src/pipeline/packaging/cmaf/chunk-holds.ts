import { type LogReader, type LogWriter, openLocalLog } from '../../stream/index.ts'

/** Bytes of the log for somebody who is not done with them at once. `done` must be called once. */
export type HeldChunk = { readonly views: readonly Uint8Array[]; done(): void }

type Hold = { readonly from: number; isDone: boolean }

/** Keeps chunks in their log until whoever was handed them (the recorder, its disk) is done. */
export class ChunkHolds {
  readonly #reader: LogReader
  readonly #holds: Hold[] = []

  /** `slot`: of a reader that no worker is. */
  constructor(log: LogWriter, slot: number) {
    this.#reader = openLocalLog(log, slot, () => {}).reader
  }

  /** Undefined where memory is short and what is held already reaches too far back. */
  take(from: number, to: number): HeldChunk | undefined {
    const oldest = this.#holds[0]
    if (oldest && to - oldest.from > this.#reader.lagLimitBytes) return undefined
    const hold = { from, isDone: false }
    this.#holds.push(hold)
    this.#reader.hold(oldest?.from ?? from)
    const done = () => {
      hold.isDone = true
      this.#forget()
    }
    return { views: this.#reader.views(from, to), done }
  }

  #forget(): void {
    while (this.#holds[0]?.isDone) this.#holds.shift()
    const oldest = this.#holds[0]
    if (oldest) this.#reader.hold(oldest.from)
    else this.#reader.letGo()
  }
}
