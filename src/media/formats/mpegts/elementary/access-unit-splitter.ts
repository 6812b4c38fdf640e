import { splitAnnexB } from '../../../codecs/nal/index.ts'
import type { PayloadPlace } from './elementary-reader.ts'
import type { NalRules } from './nal-rules.ts'

/** The NAL units of one access unit, with the times of its PES packet where it is the first that begins in one. */
export type SplitAccessUnit = {
  /** Views, valid only during the call. */
  readonly units: readonly Uint8Array[]
  readonly pts: number | undefined
  readonly dts: number | undefined
}

type Times = { readonly pts: number | undefined; readonly dts: number | undefined }

const NO_TIMES: Times = { pts: undefined, dts: undefined }
const MAX_HELD_BYTES = 16 * 1024 * 1024
const START_CODE_BYTES = 3

/**
 * Cuts PES payloads into access units by delimiters and first slices. Usually a payload is one access unit and comes out
 * at once. Where access units run on into the next payload (it does not begin with a start code) the last one is held
 * until that payload is there.
 */
export class AccessUnitSplitter {
  readonly #rules: NalRules
  readonly #onUnit: (unit: SplitAccessUnit) => void
  #held = new Uint8Array(0)
  #heldTimes: Times = NO_TIMES
  /** Payloads have been seen that do not begin with a start code, of bounded packets. */
  #alwaysHold = false
  /** Two fields of one picture stay together: only a delimiter in an unaligned stream cuts. */
  keepsFields = false

  constructor(rules: NalRules, onUnit: (unit: SplitAccessUnit) => void) {
    this.#rules = rules
    this.#onUnit = onUnit
  }

  push(data: Uint8Array, place: PayloadPlace): void {
    if (this.#held.length === 0 && !beginsWithStartCode(data)) this.#alwaysHold = true
    if (this.#alwaysHold && beginsWithStartCode(data)) this.#release()
    const heldBytes = this.#held.length
    const bytes = heldBytes === 0 ? data : joined(this.#held, data)
    const holds = (place.following === 'other' || this.#alwaysHold) && bytes.length <= MAX_HELD_BYTES
    this.#held = new Uint8Array(0)
    this.#cut(bytes, { heldBytes, heldTimes: this.#heldTimes, place, holds })
  }

  reset(): void {
    this.#held = new Uint8Array(0)
  }

  flush(): void {
    this.#release()
  }

  #release(): void {
    const bytes = this.#held
    this.#held = new Uint8Array(0)
    const units = splitAnnexB(bytes)
    if (units.length > 0) this.#onUnit({ units, ...this.#heldTimes })
  }

  #cut(bytes: Uint8Array, context: { heldBytes: number; heldTimes: Times; place: PayloadPlace; holds: boolean }): void {
    const groups = this.#group(splitAnnexB(bytes), context.heldBytes > 0 || context.holds)
    let placeTimes: Times = context.place
    groups.forEach((units, index) => {
      const start = startOf(bytes, units)
      const beginsHere = start >= context.heldBytes
      const times = beginsHere ? placeTimes : context.heldTimes
      if (beginsHere) placeTimes = NO_TIMES
      if (context.holds && index === groups.length - 1) {
        this.#held = bytes.slice(start)
        this.#heldTimes = times
      } else this.#onUnit({ units, pts: times.pts, dts: times.dts })
    })
  }

  #group(units: readonly Uint8Array[], unaligned: boolean): Uint8Array[][] {
    const groups: Uint8Array[][] = []
    let current: Uint8Array[] = []
    let hasSlice = false
    for (const unit of units) {
      const role = this.#rules.role(unit)
      const opens = role === 'delimiter' || role === 'first slice' || role === 'prefix' || role === 'parameter set'
      const cuts = this.keepsFields ? role === 'delimiter' && unaligned : opens
      if (hasSlice && cuts) {
        groups.push(current)
        current = []
        hasSlice = false
      }
      if (role === 'first slice' || role === 'slice') hasSlice = true
      current.push(unit)
    }
    if (current.length > 0) groups.push(current)
    return groups
  }
}

/** Where the start code of the first unit begins, its zero_byte included. */
function startOf(bytes: Uint8Array, units: readonly Uint8Array[]): number {
  const first = units[0]
  const at = first === undefined ? 0 : first.byteOffset - bytes.byteOffset - START_CODE_BYTES
  return at > 0 && bytes[at - 1] === 0 ? at - 1 : at
}

function beginsWithStartCode(data: Uint8Array): boolean {
  return data[0] === 0 && data[1] === 0 && (data[2] ?? 0) <= 1
}

function joined(a: Uint8Array, b: Uint8Array): Uint8Array {
  const out = new Uint8Array(a.length + b.length)
  out.set(a)
  out.set(b, a.length)
  return out
}
