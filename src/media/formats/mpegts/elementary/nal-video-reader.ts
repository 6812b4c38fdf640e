import { ByteWriter } from '../../../bytes/index.ts'
import { isKeyframe, videoTrack } from '../../../codecs/index.ts'
import { splitAnnexB } from '../../../codecs/nal/index.ts'
import { MillraceError } from '../../../errors.ts'
import { ticks, VIDEO_CLOCK_HZ } from '../../../model/index.ts'
import type { ElementaryReader, ElementarySink } from './elementary-reader.ts'
import type { NalRules } from './nal-rules.ts'
import { ParameterSets } from './parameter-sets.ts'

const DEFAULT_FRAME_TICKS = 3600
const LARGEST_FRAME_TICKS = VIDEO_CLOCK_HZ

/**
 * H.264 and H.265 in PES packets. One PES packet is one access unit, or several, told apart by delimiters and first
 * slices; times of the second and later ones are counted on by the frame rate. Access unit delimiters are dropped,
 * parameter sets move into the configuration. Frames before the first configuration are left out.
 */
export class NalVideoReader implements ElementaryReader {
  readonly #rules: NalRules
  readonly #sink: ElementarySink
  readonly #sets: ParameterSets
  readonly #out = new ByteWriter(65_536)
  #hasTrack = false
  #frameTicks = 0
  #lastDts: number | undefined

  constructor(rules: NalRules, sink: ElementarySink) {
    this.#rules = rules
    this.#sink = sink
    this.#sets = new ParameterSets(rules)
  }

  push(data: Uint8Array, pts: number | undefined, dts: number | undefined): void {
    const units = splitAnnexB(data)
    const accessUnits = this.#splitAccessUnits(units)
    let next = { pts, dts }
    for (const accessUnit of accessUnits) {
      const frameTicks = this.#frameTicksNow()
      const base = next.dts ?? (this.#lastDts === undefined ? undefined : this.#lastDts + frameTicks)
      if (base === undefined) this.#sink.onDamaged()
      else this.#emit(accessUnit, next.pts ?? base, base)
      const following = base === undefined ? undefined : base + frameTicks
      next = { pts: following, dts: following }
    }
  }

  reset(): void {
    this.#lastDts = undefined
  }

  flush(): void {}

  #splitAccessUnits(units: readonly Uint8Array[]): Uint8Array[][] {
    const result: Uint8Array[][] = []
    let current: Uint8Array[] = []
    let hasSlice = false
    for (const unit of units) {
      const role = this.#rules.role(unit)
      const opens = role === 'delimiter' || role === 'first slice' || role === 'prefix' || role === 'parameter set'
      if (hasSlice && opens && !this.#sets.mayHaveFields) {
        result.push(current)
        current = []
        hasSlice = false
      }
      if (role === 'first slice' || role === 'slice') hasSlice = true
      current.push(unit)
    }
    if (current.length > 0) result.push(current)
    return result
  }

  #emit(units: readonly Uint8Array[], pts: number, dts: number): void {
    this.#out.reset()
    let sliceCount = 0
    for (const unit of units) {
      const role = this.#rules.role(unit)
      if (role === 'parameter set') {
        if (this.#sets.add(unit) === 'damaged') this.#sink.onDamaged()
      } else if (role !== 'delimiter') {
        this.#out.u32(unit.length)
        this.#out.bytes(unit)
        if (role === 'first slice' || role === 'slice') sliceCount++
      }
    }
    this.#announce()
    this.#lastDts = dts
    if (!this.#hasTrack || sliceCount === 0) return
    const { codec } = this.#rules
    const data = this.#out.view()
    const { trackId } = this.#sink
    const times = { ptsTicks: ticks(pts), dtsTicks: ticks(dts), durationTicks: ticks(0) }
    this.#sink.onFrame({ trackId, ...times, isKey: isKeyframe(codec, data), data })
  }

  /** A configuration that cannot be used is left out like a damaged frame: the next one may be better. */
  #announce(): void {
    try {
      const config = this.#sets.takeChangedConfig()
      if (config === undefined) return
      const track = videoTrack(this.#sink.trackId, this.#rules.codec, config)
      this.#hasTrack = true
      this.#frameTicks = track.frameRate === undefined ? 0 : Math.round(VIDEO_CLOCK_HZ / track.frameRate)
      this.#sink.onTrack(track)
    } catch (error) {
      if (!(error instanceof MillraceError)) throw error
      this.#sink.onDamaged()
    }
  }

  #frameTicksNow(): number {
    return this.#frameTicks > 0 && this.#frameTicks <= LARGEST_FRAME_TICKS ? this.#frameTicks : DEFAULT_FRAME_TICKS
  }
}
