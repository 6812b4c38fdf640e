import type { CodecProcess } from './codec-process.ts'

/** One codec process, and its CPU time since it started. */
export type CodecUsage = {
  readonly purpose: string
  readonly pid: number
  readonly cpuMs: number
  readonly isOffline: boolean
}

/** The codec processes of one worker, but for those of ladders: what they use, and those that nobody waits for held. */
export class CodecUse {
  readonly #processes = new Set<CodecProcess>()
  #isHeld = false

  /** Returns `codec`. Until it is disposed. */
  add(codec: CodecProcess): CodecProcess {
    this.#processes.add(codec)
    this.#apply(codec)
    return codec
  }
  get usages(): CodecUsage[] {
    for (const codec of this.#processes) if (codec.isDisposed) this.#processes.delete(codec)
    return [...this.#processes].flatMap(({ purpose, pid, cpuMs, isOffline }) =>
      pid === undefined ? [] : [{ purpose, pid, cpuMs, isOffline }],
    )
  }
  /** Offline work goes no further until it is released. */
  hold(): void {
    this.#isHeld = true
    for (const codec of this.#processes) this.#apply(codec)
  }
  release(): void {
    this.#isHeld = false
    for (const codec of this.#processes) this.#apply(codec)
  }

  #apply(codec: CodecProcess): void {
    if (!codec.isOffline) return
    if (this.#isHeld) codec.hold()
    else codec.release()
  }
}
