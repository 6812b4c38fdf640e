import { MalformedInputError } from '../../errors.ts'
import { type Frame, rescaleTicks, sameConfiguration, type Track, ticks } from '../../model/index.ts'
import type { FragmentDefaults, FragmentSample, TrackFragment } from './read-fragment.ts'
import type { MovieTrack } from './read-movie.ts'

/** A sample whose data are still to come. */
export type PlannedSample = {
  /** In the stream. */
  readonly offset: number
  readonly sizeBytes: number
  readonly frame: Omit<Frame, 'data'>
}

type Lane = MovieTrack & {
  /** Added to all times, in the file's clock. */
  readonly shiftTicks: number
  /** End of the fragment before, for fragments without a decode time. */
  nextDtsTicks: number
}

/** Turns the relative times and offsets of fragments into frames' times and places in the stream. */
export class MovieTimeline {
  /** Those that the timeline before did not have, or not with this configuration. */
  readonly changedTracks: readonly Track[]
  readonly defaults: FragmentDefaults
  readonly #lanes: ReadonlyMap<number, Lane>

  constructor(movie: readonly MovieTrack[], before?: MovieTimeline) {
    const earliest = Math.min(0, ...movie.map((each) => each.presentationShiftTicks / each.timescaleHz))
    const liftSeconds = Math.ceil(-earliest)
    this.#lanes = new Map(
      movie.map((each) => {
        const shiftTicks = each.presentationShiftTicks + liftSeconds * each.timescaleHz
        const nextDtsTicks = before?.nextDtsTicks(each.track.id) ?? 0
        return [each.track.id, { ...each, shiftTicks, nextDtsTicks }]
      }),
    )
    this.defaults = new Map(movie.map((each) => [each.track.id, each.defaults]))
    this.changedTracks = movie.map((each) => each.track).filter((track) => !before?.has(track))
  }

  has(track: Track): boolean {
    const known = this.#lanes.get(track.id)?.track
    return known !== undefined && sameConfiguration(known, track)
  }

  nextDtsTicks(trackId: number): number | undefined {
    return this.#lanes.get(trackId)?.nextDtsTicks
  }

  /** Samples without data take their time and give no frame. `moofOffset` is the place of the fragment's moof in the stream. */
  plan(fragments: readonly TrackFragment[], moofOffset: number): PlannedSample[] {
    const planned: PlannedSample[] = []
    for (const fragment of fragments) {
      const lane = this.#lanes.get(fragment.trackId)
      if (lane === undefined) continue
      lane.nextDtsTicks = fragment.baseDecodeTimeTicks ?? lane.nextDtsTicks
      for (const run of fragment.runs) {
        let offset = run.dataOffset + (run.isFromFile ? 0 : moofOffset)
        if (offset < 0) throw new MalformedInputError('data_offset', moofOffset, 'points in front of the file')
        for (const sample of run.samples) {
          const frame = nextFrame(lane, sample)
          if (sample.sizeBytes > 0) planned.push({ offset, sizeBytes: sample.sizeBytes, frame })
          offset += sample.sizeBytes
        }
      }
    }
    return planned
  }
}

function nextFrame(lane: Lane, sample: FragmentSample): Omit<Frame, 'data'> {
  const { track, timescaleHz } = lane
  const toClock = (value: number) => rescaleTicks(value, timescaleHz, track.clockRateHz)
  const dts = lane.nextDtsTicks + lane.shiftTicks
  lane.nextDtsTicks += sample.durationTicks
  const dtsTicks = toClock(dts)
  return {
    trackId: track.id,
    dtsTicks,
    ptsTicks: toClock(dts + sample.compositionOffsetTicks),
    durationTicks: ticks(toClock(dts + sample.durationTicks) - dtsTicks),
    isKey: track.kind === 'audio' || sample.isKey,
  }
}
