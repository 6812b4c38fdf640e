/** What is left of a rung: all, half of its frames, nothing. */
export const SHED = { nothing: 0, half: 1, all: 2 } as const
export type ShedLevel = (typeof SHED)[keyof typeof SHED]

export type GovernedRung = {
  readonly name: string
  /** Place in its ladder; the last is given up first. */
  readonly rank: number
  /** Its pictures are encoded; what is only passed on costs next to nothing and is never shed. */
  readonly isEncoded: boolean
  readonly level: ShedLevel
}
export type GovernedLadder = {
  readonly source: string
  readonly pid: number | undefined
  /** CPU time of its codec process since that started. */
  readonly cpuMs: number
  readonly rungs: readonly GovernedRung[]
}
export type ShedDecision = {
  readonly source: string
  readonly rung: string
  readonly level: ShedLevel
  /** For the log and for those who ask for the rung. */
  readonly reason: string
}

/** So long the budget must be exceeded, or far from used, before something is done. */
const PATIENCE_MS = 3000
const RELIEF_MS = 10_000
/** Below this share of the budget something is given back. */
const RELIEF_SHARE = 0.6

/**
 * Keeps the CPU time of all codec processes within a budget: one step at a time it takes half of the frames, then all,
 * of the least important rung, and gives them back in the opposite order when there is room.
 */
export class LoadGovernor {
  usedCores = 0
  readonly budgetCores: number
  readonly #shed: { readonly source: string; readonly rung: string; readonly before: ShedLevel }[] = []
  readonly #cpuMs = new Map<string, number>()
  #lastMs: number | undefined
  #overSinceMs: number | undefined
  #underSinceMs: number | undefined

  constructor(budgetCores: number) {
    this.budgetCores = budgetCores
  }

  /** Call about once a second with everything that runs. `nowMs`: monotonic. */
  observe(nowMs: number, ladders: readonly GovernedLadder[]): ShedDecision | undefined {
    this.#measure(nowMs, ladders)
    const { usedCores, budgetCores } = this
    this.#overSinceMs = usedCores > budgetCores ? (this.#overSinceMs ?? nowMs) : undefined
    this.#underSinceMs = usedCores < budgetCores * RELIEF_SHARE ? (this.#underSinceMs ?? nowMs) : undefined
    if (this.#overSinceMs !== undefined && nowMs - this.#overSinceMs >= PATIENCE_MS) {
      this.#overSinceMs = nowMs
      return this.#take(ladders)
    }
    if (this.#underSinceMs !== undefined && nowMs - this.#underSinceMs >= RELIEF_MS) {
      this.#underSinceMs = nowMs
      return this.#giveBack(ladders)
    }
    return undefined
  }

  #measure(nowMs: number, ladders: readonly GovernedLadder[]): void {
    let spentMs = 0
    const known = new Map(this.#cpuMs)
    this.#cpuMs.clear()
    for (const { source, pid, cpuMs } of ladders) {
      const key = `${source} ${pid}`
      spentMs += cpuMs - (known.get(key) ?? cpuMs)
      this.#cpuMs.set(key, cpuMs)
    }
    const elapsedMs = nowMs - (this.#lastMs ?? nowMs)
    this.#lastMs = nowMs
    this.usedCores = elapsedMs > 0 ? Math.max(0, spentMs) / elapsedMs : 0
  }
  #take(ladders: readonly GovernedLadder[]): ShedDecision | undefined {
    const rungs = ladders.flatMap(({ source, rungs }) => rungs.map((rung) => ({ source, ...rung })))
    const [victim] = rungs
      .filter(({ isEncoded, level }) => isEncoded && level < SHED.all)
      .sort((a, b) => b.rank - a.rank || b.level - a.level || a.source.localeCompare(b.source))
    if (!victim) return undefined
    this.#shed.push({ source: victim.source, rung: victim.name, before: victim.level })
    const level = victim.level === SHED.nothing ? SHED.half : SHED.all
    const reason = `codec processes use ${this.usedCores.toFixed(1)} cores of ${this.budgetCores} (transcode.cpuCores)`
    return { source: victim.source, rung: victim.name, level, reason }
  }
  #giveBack(ladders: readonly GovernedLadder[]): ShedDecision | undefined {
    for (let last = this.#shed.pop(); last; last = this.#shed.pop()) {
      const { source, rung, before } = last
      const ladder = ladders.find((each) => each.source === source)
      const isShed = ladder?.rungs.some(({ name, level }) => name === rung && level > before)
      if (isShed) return { source, rung, level: before, reason: 'there is room again' }
    }
    return undefined
  }
}
