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
/** Any other codec process. */
export type GovernedProcess = {
  readonly purpose: string
  readonly pid: number
  readonly cpuMs: number
  /** Nobody waits for what it does: it is held before anything live is shed. */
  readonly isOffline: boolean
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
/** What offline work may have saved up, or used too much of, in seconds of one core. */
const MAX_CREDIT = 2

/**
 * Keeps the CPU time of all codec processes within a budget. Offline work has what live work leaves of it: it is held
 * for a second or more whenever it has used more than that. Where live work alone is too much, one step at a time half
 * of the frames, then all, of the least important rung are taken, and given back in the opposite order when there is room.
 */
export class LoadGovernor {
  /** By purpose; `ladders` for those of all ladders. */
  usedBy: Readonly<Record<string, number>> = {}
  /** Why offline work is held at the moment. */
  heldBecause: string | undefined
  readonly budgetCores: number
  readonly #shed: { readonly source: string; readonly rung: string; readonly before: ShedLevel }[] = []
  readonly #cpuMs = new Map<string, number>()
  #lastMs: number | undefined
  #liveCores = 0
  /** Of offline work. */
  #credit = MAX_CREDIT
  #overSinceMs: number | undefined
  #underSinceMs: number | undefined

  constructor(budgetCores: number) {
    this.budgetCores = budgetCores
  }

  get usedCores(): number {
    return Object.values(this.usedBy).reduce((sum, cores) => sum + cores, 0)
  }
  /** Call about once a second with everything that runs. `nowMs`: monotonic. */
  observe(
    nowMs: number,
    ladders: readonly GovernedLadder[],
    others: readonly GovernedProcess[] = [],
  ): ShedDecision | undefined {
    this.#measure(nowMs, ladders, others)
    const { budgetCores } = this
    const liveCores = this.#liveCores
    this.#overSinceMs = liveCores > budgetCores ? (this.#overSinceMs ?? nowMs) : undefined
    this.#underSinceMs = liveCores < budgetCores * RELIEF_SHARE ? (this.#underSinceMs ?? nowMs) : undefined
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

  #measure(nowMs: number, ladders: readonly GovernedLadder[], others: readonly GovernedProcess[]): void {
    const elapsedMs = nowMs - (this.#lastMs ?? nowMs)
    this.#lastMs = nowMs
    const known = new Map(this.#cpuMs)
    this.#cpuMs.clear()
    /** Cores that it has used since the last call. */
    const used = (key: string, cpuMs: number) => {
      this.#cpuMs.set(key, cpuMs)
      return elapsedMs > 0 ? Math.max(0, cpuMs - (known.get(key) ?? cpuMs)) / elapsedMs : 0
    }
    const usedBy: Record<string, number> = { ladders: 0 }
    for (const { source, pid, cpuMs } of ladders)
      usedBy.ladders = (usedBy.ladders ?? 0) + used(`${source} ${pid}`, cpuMs)
    let offlineCores = 0
    for (const { purpose, pid, cpuMs, isOffline } of others) {
      const cores = used(`${pid}`, cpuMs)
      usedBy[purpose] = (usedBy[purpose] ?? 0) + cores
      if (isOffline) offlineCores += cores
    }
    this.usedBy = usedBy
    this.#liveCores = this.usedCores - offlineCores
    this.#holdOffline(offlineCores, elapsedMs)
  }
  #holdOffline(offlineCores: number, elapsedMs: number): void {
    const roomCores = this.budgetCores - this.#liveCores
    const credit = this.#credit + ((roomCores - offlineCores) * elapsedMs) / 1000
    this.#credit = Math.max(-MAX_CREDIT, Math.min(MAX_CREDIT, credit))
    const left = `live work leaves ${Math.max(0, roomCores).toFixed(1)} cores of ${this.budgetCores} (transcode.cpuCores)`
    this.heldBecause = roomCores < 0 || this.#credit < 0 ? left : undefined
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
