type Pass = (isOpen: boolean) => void
type Gate = { readonly isOpen: () => boolean; readonly waiting: Set<Pass> }

/**
 * Those who wait for the same thing wait at one gate, so that a change costs one question per thing that is waited for,
 * however many wait for it.
 */
export class Gates {
  readonly #gates = new Map<string, Gate>()

  get waitingCount(): number {
    let count = 0
    for (const { waiting } of this.#gates.values()) count += waiting.size
    return count
  }

  /** `key` names the condition. Resolves with false when the time is up, `signal` aborts, or all gates close. */
  wait(key: string, isOpen: () => boolean, timeoutMs: number, signal: AbortSignal): Promise<boolean> {
    if (isOpen()) return Promise.resolve(true)
    if (signal.aborted) return Promise.resolve(false)
    const gate = this.#gates.get(key) ?? { isOpen, waiting: new Set() }
    this.#gates.set(key, gate)
    return new Promise((resolve) => {
      const pass = (ok: boolean) => {
        gate.waiting.delete(pass)
        if (gate.waiting.size === 0 && this.#gates.get(key) === gate) this.#gates.delete(key)
        clearTimeout(timer)
        signal.removeEventListener('abort', giveUp)
        resolve(ok)
      }
      const giveUp = () => pass(false)
      const timer = setTimeout(giveUp, timeoutMs)
      signal.addEventListener('abort', giveUp)
      gate.waiting.add(pass)
    })
  }

  /** Something has changed. */
  check(): void {
    for (const gate of [...this.#gates.values()]) if (gate.isOpen()) release(gate, true)
  }
  /** Nothing will change any more. */
  closeAll(): void {
    for (const gate of [...this.#gates.values()]) release(gate, gate.isOpen())
  }
}

function release(gate: Gate, isOpen: boolean): void {
  for (const pass of [...gate.waiting]) pass(isOpen)
}
