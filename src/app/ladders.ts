import type { Ladders } from '../pipeline/delivery/index.ts'
import { type PlannedRung, plannedRungs, renditionName } from '../pipeline/stream/index.ts'
import { type Config, resolveStreamSettings } from '../platform/config/index.ts'

/** Ladders as the configuration names them: rungs `NAME/PROFILE` and variants, live or not. */
export class ConfiguredLadders implements Ladders {
  readonly #config: Pick<Config, 'streams' | 'profiles'>

  constructor(config: Pick<Config, 'streams' | 'profiles'>) {
    this.#config = config
  }

  membersOf(source: string): readonly string[] {
    // A rendition matches the pattern of its source and would have rungs of its own.
    if (this.#parentOf(source) !== undefined) return []
    const { ladder, variants } = resolveStreamSettings(this.#config, source)
    return [...variants, ...ladder.map((rung) => `${source}/${rung}`)].filter((name) => name !== source)
  }

  sourceOf(name: string): string | undefined {
    const parent = this.#parentOf(name)
    if (parent !== undefined) return parent
    const source = Object.entries(this.#config.streams).find(([, { variants }]) => variants?.includes(name))?.[0]
    return source !== undefined && !source.includes('*') && source !== name ? source : undefined
  }

  onDemandOf(source: string): readonly string[] {
    if (this.#parentOf(source) !== undefined) return []
    const { ladder, ladderMode } = resolveStreamSettings(this.#config, source)
    return ladderMode === 'always' ? [] : ladder.map((rung) => renditionName(source, rung))
  }
  /** Its source stands in for it in its lists while it is away. */
  hasStandIn(name: string): boolean {
    const source = this.sourceOf(name)
    return source !== undefined && !this.onDemandOf(source).includes(name)
  }
  plannedOf(source: string, tracks: Parameters<typeof plannedRungs>[2]): readonly PlannedRung[] {
    return this.onDemandOf(source).length === 0 ? [] : plannedRungs(this.#config, source, tracks)
  }

  /** The stream of which `name` is a rung. */
  #parentOf(name: string): string | undefined {
    const slash = name.lastIndexOf('/')
    if (slash < 0) return undefined
    const { ladder } = resolveStreamSettings(this.#config, name.slice(0, slash))
    return ladder.includes(name.slice(slash + 1)) ? name.slice(0, slash) : undefined
  }
}
