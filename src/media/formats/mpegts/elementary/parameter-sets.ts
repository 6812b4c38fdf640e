import { sameBytes } from '../../../codecs/nal/index.ts'
import { MillraceError } from '../../../errors.ts'
import type { NalRules } from './nal-rules.ts'

/** The most parameter sets that a stream may have at a time; ITU-T H.264 allows 32 and 256. */
const MAX_SETS = 64

/** The parameter sets in force, found in the stream. */
export class ParameterSets {
  readonly #rules: NalRules
  readonly #sets = new Map<string, Uint8Array>()
  #changed = false
  /** Whether a picture may be two fields. */
  mayHaveFields = false

  constructor(rules: NalRules) {
    this.#rules = rules
  }

  /** Takes a copy of a set that is new or different. Returns whether the set could be read. */
  add(unit: Uint8Array): 'read' | 'damaged' {
    try {
      const key = this.#rules.parameterSetKey(unit)
      const known = this.#sets.get(key)
      if (known !== undefined && sameBytes(known, unit)) return 'read'
      if (known === undefined && this.#sets.size >= MAX_SETS) return 'damaged'
      this.#sets.set(key, unit.slice())
      this.#changed = true
      return 'read'
    } catch (error) {
      if (error instanceof MillraceError) return 'damaged'
      throw error
    }
  }

  /** The canonical record when it is new or changed since the last call, in the order of the sets' keys. */
  takeChangedConfig(): Uint8Array | undefined {
    if (!this.#changed) return undefined
    const units = [...this.#sets.entries()].sort(([a], [b]) => compareKeys(a, b)).map(([, unit]) => unit)
    const config = this.#rules.buildConfig(units)
    if (config === undefined) return undefined
    this.#changed = false
    this.mayHaveFields = this.#rules.mayHaveFields(units)
    return config
  }
}

function compareKeys(a: string, b: string): number {
  const [typeA = 0, idA = 0] = a.split('/').map(Number)
  const [typeB = 0, idB = 0] = b.split('/').map(Number)
  return typeA - typeB || idA - idB
}
