import type { Reading, ReadTrack, Unit } from './av-messages.ts'
import { type CodecParameters, canonicalConfig, canonicalUnit, sha256 } from './canonical.ts'

type Open = {
  readonly kind: ReadTrack['kind']
  readonly parameters: CodecParameters
  readonly units: Unit[]
  config: string
}

/** Gathers what a demuxer finds, in canonical form. */
export class ReadingBuilder {
  readonly #tracks = new Map<number, Open>()

  /** Where a demuxer tells of a track again, the first time counts. */
  addTrack(index: number, kind: ReadTrack['kind'], parameters: CodecParameters): void {
    if (!this.#tracks.has(index)) this.#tracks.set(index, { kind, parameters, units: [], config: '' })
  }
  addUnit(index: number, times: Omit<Unit, 'sha256'>, data: Uint8Array): void {
    const track = this.#tracks.get(index)
    if (!track) return
    const unit = canonicalUnit(track.parameters, data)
    if (track.units.length === 0) track.config = canonicalConfig(track.parameters, { unit, data })
    track.units.push({ ...times, sha256: sha256(unit) })
  }
  /** Of the track that has the fewest. */
  get leastUnits(): number {
    return Math.min(...[...this.#tracks.values()].map(({ units }) => units.length))
  }
  result(): Reading {
    const tracks = [...this.#tracks.values()].map(({ kind, parameters, units, config }): ReadTrack => {
      const { codec, extradata } = parameters
      return { kind, codec, config, record: extradata.length > 0 ? sha256(extradata) : '', units }
    })
    return { tracks }
  }
}
