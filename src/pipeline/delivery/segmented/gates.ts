/** Something that a stream is about to have. Equal keys stand for the same. */
export type Wait = { readonly key: string; readonly isOpen: () => boolean }
/** One who waits. Told once. */
export type Waiter = {
  /** False: the time is up, or nothing will change any more. */
  readonly pass: (isOpen: boolean) => void
  /** On the clock of `performance.now()`. */
  readonly deadlineMs: number
}
type Gate = { readonly isOpen: () => boolean; readonly waiting: Set<Waiter> }
type Release = { readonly gate: Gate; readonly isOpen: boolean }

/** A wait is over so much later than its time at most. */
const CHECK_MS = 250
/** So long those who are let through keep all others of this thread waiting. */
const SLICE_MS = 20
/** Let through between two looks at the clock. */
const PER_LOOK = 16

/**
 * Those who wait for the same thing wait at one gate, so that a change costs one question per thing that is waited for,
 * however many wait for it.
 */
export class Gates {
  readonly #gates = new Map<string, Gate>()
  #released: Release[] = []
  #timer: NodeJS.Timeout | undefined

  get waitingCount(): number {
    let count = 0
    for (const { waiting } of this.#gates.values()) count += waiting.size
    for (const { gate } of this.#released) count += gate.waiting.size
    return count
  }

  /** For what is not there yet. Returns what takes `waiter` away again; it is not told then. */
  join({ key, isOpen }: Wait, waiter: Waiter): () => void {
    const gate = this.#gates.get(key) ?? { isOpen, waiting: new Set() }
    this.#gates.set(key, gate)
    gate.waiting.add(waiter)
    this.#timer ??= setInterval(() => this.#dropLate(performance.now()), CHECK_MS)
    return () => {
      gate.waiting.delete(waiter)
    }
  }
  /** The same as a promise; resolves with false also when `signal` aborts. */
  wait(wait: Wait, timeoutMs: number, signal: AbortSignal): Promise<boolean> {
    if (wait.isOpen()) return Promise.resolve(true)
    if (signal.aborted) return Promise.resolve(false)
    return new Promise((resolve) => {
      const pass = (ok: boolean) => {
        signal.removeEventListener('abort', giveUp)
        resolve(ok)
      }
      const leave = this.join(wait, { pass, deadlineMs: performance.now() + timeoutMs })
      const giveUp = () => {
        leave()
        pass(false)
      }
      signal.addEventListener('abort', giveUp)
    })
  }

  /** Something has changed. */
  check(): void {
    this.#release((gate) => (gate.isOpen() ? true : undefined))
  }
  /** Nothing will change any more. */
  closeAll(): void {
    this.#release((gate) => gate.isOpen())
  }

  /** Undefined: the gate stays. */
  #release(ends: (gate: Gate) => boolean | undefined): void {
    const isReleasing = this.#released.length > 0
    for (const [key, gate] of [...this.#gates]) {
      const isOpen = gate.waiting.size === 0 ? false : ends(gate)
      if (isOpen === undefined) continue
      this.#gates.delete(key)
      this.#released.push({ gate, isOpen })
    }
    if (!isReleasing) this.#pass()
  }
  #pass(): void {
    const endMs = performance.now() + SLICE_MS
    let passed = 0
    for (let next = this.#released[0]; next; next = this.#released[0]) {
      const { gate, isOpen } = next
      for (const waiter of gate.waiting) {
        if (++passed % PER_LOOK === 0 && performance.now() > endMs) return void setImmediate(() => this.#pass())
        gate.waiting.delete(waiter)
        waiter.pass(isOpen)
      }
      this.#released.shift()
    }
    this.#rest()
  }
  #dropLate(nowMs: number): void {
    for (const { waiting } of this.#gates.values()) {
      for (const waiter of waiting) if (waiter.deadlineMs <= nowMs && waiting.delete(waiter)) waiter.pass(false)
    }
    for (const [key, { waiting }] of this.#gates) if (waiting.size === 0) this.#gates.delete(key)
    this.#rest()
  }
  #rest(): void {
    if (this.#gates.size > 0 || this.#released.length > 0) return
    clearInterval(this.#timer)
    this.#timer = undefined
  }
}
