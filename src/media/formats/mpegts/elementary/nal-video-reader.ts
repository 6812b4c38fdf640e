import { isKeyframe, videoTrack } from '../../../codecs/index.ts'
import { MillraceError } from '../../../errors.ts'
import { ticks, VIDEO_CLOCK_HZ } from '../../../model/index.ts'
import { ScratchBuffer } from '../scratch-buffer.ts'
import { AccessUnitSplitter, type SplitAccessUnit } from './access-unit-splitter.ts'
import type { ElementaryReader, ElementarySink, PayloadPlace } from './elementary-reader.ts'
import type { NalRules } from './nal-rules.ts'
import { ParameterSets } from './parameter-sets.ts'

const DEFAULT_FRAME_TICKS = 3600
const LARGEST_FRAME_TICKS = VIDEO_CLOCK_HZ

/**
 * H.264 and H.265 in PES packets, however access units lie in them. Access unit delimiters are dropped, parameter sets
 * move into the configuration. Frames before the first configuration are left out.
 */
export class NalVideoReader implements ElementaryReader {
  readonly #rules: NalRules
  readonly #sink: ElementarySink
  readonly #sets: ParameterSets
  readonly #splitter: AccessUnitSplitter
  readonly #out = new ScratchBuffer()
  #hasTrack = false
  #frameTicks = 0
  #lastDts: number | undefined
  #lastStepTicks = 0

  constructor(rules: NalRules, sink: ElementarySink) {
    this.#rules = rules
    this.#sink = sink
    this.#sets = new ParameterSets(rules)
    this.#splitter = new AccessUnitSplitter(rules, (unit) => this.#accessUnit(unit))
  }

  push(data: Uint8Array, place: PayloadPlace): void {
    this.#splitter.push(data, place)
  }

  reset(): void {
    this.#lastDts = undefined
    this.#splitter.reset()
  }

  flush(): void {
    this.#splitter.flush()
  }

  /** An access unit without times of its own is counted on from the one before it. */
  #accessUnit({ units, pts, dts }: SplitAccessUnit): void {
    const counted = this.#lastDts === undefined ? undefined : this.#lastDts + this.#frameTicksNow()
    const time = dts ?? counted
    if (time === undefined) return this.#sink.onDamaged()
    if (dts !== undefined && this.#lastDts !== undefined) this.#lastStepTicks = dts - this.#lastDts
    this.#emit(units, pts ?? time, time)
  }

  #emit(units: readonly Uint8Array[], pts: number, dts: number): void {
    this.#out.reset()
    let sliceCount = 0
    for (const unit of units) {
      const role = this.#rules.role(unit)
      if (role === 'parameter set') {
        if (this.#sets.add(unit) === 'damaged') this.#sink.onDamaged()
      } else if (role !== 'delimiter') {
        this.#out.appendU32(unit.length)
        this.#out.append(unit)
        if (role === 'first slice' || role === 'slice') sliceCount++
      }
    }
    this.#announce()
    this.#lastDts = dts
    if (!this.#hasTrack || sliceCount === 0) return
    const { codec } = this.#rules
    const data = this.#out.bytes.subarray(0, this.#out.length)
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
      this.#splitter.keepsFields = this.#sets.mayHaveFields
      this.#frameTicks = track.frameRate === undefined ? 0 : Math.round(VIDEO_CLOCK_HZ / track.frameRate)
      this.#sink.onTrack(track)
    } catch (error) {
      if (!(error instanceof MillraceError)) throw error
      this.#sink.onDamaged()
    }
  }

  #frameTicksNow(): number {
    const isFrame = (step: number) => step > 0 && step <= LARGEST_FRAME_TICKS
    return [this.#frameTicks, this.#lastStepTicks].find(isFrame) ?? DEFAULT_FRAME_TICKS
  }
}
