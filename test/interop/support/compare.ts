import type { Reading, ReadTrack, Unit } from './av-messages.ts'

export type Tolerance = {
  /** One tick of the coarsest clock on the way. */
  readonly tickSeconds: number
  /** Whether the record itself came through containers that carry it. */
  readonly record: 'same record' | 'same meaning'
  /** How much audio in front of the join point may be missing; 0 where everything is kept. */
  readonly joinSeconds: number
}

const EPSILON = 1e-7

/** What is wrong with `out` as a copy of `source`; nothing where every unit from the join point on is there. */
export function differences(source: Reading, out: Reading, tolerance: Tolerance): string[] {
  const pairs = source.tracks.map((track, at) => [track, counterpart(source, at, out)] as const)
  const surplus = out.tracks.length - pairs.filter(([, found]) => found).length
  const problems = surplus > 0 ? [`${surplus} tracks too many: ${out.tracks.map(({ codec }) => codec)}`] : []
  const main = pairs.find(([track, found]) => track.kind === 'video' && found) ?? pairs[0]
  const offset = main?.[1] ? offsetOf(main[0], main[1]) : 0
  for (const [track, found] of pairs) {
    if (found) problems.push(...trackDifferences(track, found, { ...tolerance, offset }))
    else problems.push(`no ${track.codec}`)
  }
  return problems
}

/** The track of the same codec, the first of two for the first of two. */
function counterpart(source: Reading, at: number, out: Reading): ReadTrack | undefined {
  const track = source.tracks[at]
  const rank = source.tracks.slice(0, at).filter(({ codec }) => codec === track?.codec).length
  return out.tracks.filter(({ codec }) => codec === track?.codec)[rank]
}

/** Everything before the join point is missing by design, nothing after it. */
function offsetOf(source: ReadTrack, out: ReadTrack): number {
  const first = source.units[source.units.length - out.units.length]
  return (out.units[0]?.dts ?? 0) - (first?.dts ?? 0)
}

type TrackTolerance = Tolerance & { readonly offset: number }

function trackDifferences(source: ReadTrack, out: ReadTrack, tolerance: TrackTolerance): string[] {
  const { codec } = source
  if (out.units.length === 0) return [`${codec}: nothing arrived`]
  const start = source.units.length - out.units.length
  if (start < 0) return [`${codec}: ${-start} units too many`]
  const problems: string[] = []
  const expected = source.units.slice(start)
  const wrong = expected.findIndex((unit, at) => unit.sha256 !== out.units[at]?.sha256)
  if (wrong >= 0) problems.push(`${codec}: unit ${wrong} of ${expected.length} differs`)
  const missed = (expected[0]?.dts ?? 0) - (source.units[0]?.dts ?? 0)
  if (missed > (source.kind === 'video' ? 0 : tolerance.joinSeconds))
    problems.push(`${codec}: first ${missed.toFixed(3)} s missing`)
  problems.push(...timeDifferences(codec, [expected, out.units], tolerance))
  if (source.config !== out.config && out.config !== '' && source.config !== '')
    problems.push(`${codec}: configuration ${out.config}, not ${source.config}`)
  if (tolerance.record === 'same record' && source.record !== out.record && out.record !== '' && source.record !== '')
    problems.push(`${codec}: another configuration record`)
  return problems
}

function timeDifferences(
  codec: string,
  [expected, found]: readonly [readonly Unit[], readonly Unit[]],
  { offset, tickSeconds }: TrackTolerance,
): string[] {
  const problems: string[] = []
  for (const clock of ['pts', 'dts'] as const) {
    const errors = expected.map((unit, at) => (found[at]?.[clock] ?? Number.NaN) - unit[clock] - offset)
    const worst = errors.reduce((most, error) => (Math.abs(error) > Math.abs(most) ? error : most), 0)
    if (!(Math.abs(worst) <= tickSeconds + EPSILON))
      problems.push(`${codec}: ${clock} off by ${(worst * 1000).toFixed(3)} ms at unit ${errors.indexOf(worst)}`)
  }
  return problems
}
