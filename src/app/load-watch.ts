import { availableParallelism } from 'node:os'
import type { StreamRegistry, WorkerStats } from '../control/index.ts'
import { LoadGovernor, type ShedDecision } from '../pipeline/transcode/index.ts'
import type { Config } from '../platform/config/index.ts'

const WATCH_MS = 1000
/** The rest is for the media workers: pass-through comes first. */
const AUTO_SHARE = 0.75

type LoadWatchOptions = {
  readonly config: Config
  readonly stats: WorkerStats
  readonly registry: StreamRegistry
  readonly shed: (worker: number, decision: ShedDecision) => void
  /** Offline work of all workers. */
  readonly hold: () => void
  readonly release: () => void
}

/** Watches what the codec processes of all workers use, and tells the workers what to leave out. */
export function watchLoad({ config, stats, registry, shed, hold, release }: LoadWatchOptions): Disposable {
  const { cpuCores } = config.transcode
  const governor = new LoadGovernor(cpuCores === 'auto' ? availableParallelism() * AUTO_SHARE : cpuCores)
  const timer = setInterval(() => {
    const codecs = [...stats.reports.values()].map(({ transcode }) => transcode)
    const ladders = codecs.flatMap((each) => each.ladders)
    const processes = codecs.flatMap((each) => each.processes)
    const wasHeld = governor.heldBecause !== undefined
    const decision = governor.observe(performance.now(), ladders, processes)
    // Again and again: a worker may be new.
    if (governor.heldBecause !== undefined) hold()
    else if (wasHeld) release()
    const owner = decision && registry.stream(decision.source)?.owner
    stats.codecCores = { used: governor.usedCores, budget: governor.budgetCores, by: governor.usedBy }
    stats.offlineHeld = governor.heldBecause
    if (decision && owner !== undefined) shed(owner, decision)
  }, WATCH_MS)
  timer.unref()
  return { [Symbol.dispose]: () => clearInterval(timer) }
}
