import { useRef } from 'preact/hooks'
import type { StreamInfo } from '../api/stream-info.ts'

const SAMPLE_COUNT = 40
/** So many are drawn over the whole width before the line begins to move. */
const FIRST_COUNT = 6
const WIDTH = 120
const HEIGHT = 28

/** The last bitrates of every stream, one sample for each answer of the server. */
export function useBitrateHistory(streams: readonly StreamInfo[] | undefined): ReadonlyMap<string, readonly number[]> {
  const history = useRef(new Map<string, readonly number[]>())
  const seen = useRef(streams)
  if (streams && streams !== seen.current) {
    seen.current = streams
    const next = streams.map(({ name, bitsPerSecond }): [string, readonly number[]] => {
      const samples = [...(history.current.get(name) ?? []), bitsPerSecond]
      return [name, samples.slice(-SAMPLE_COUNT)]
    })
    history.current = new Map(next)
  }
  return history.current
}

/** How steadily a stream flows in: a level line, no axes. Zero is the bottom. */
export function FlowLine({ samples }: { samples: readonly number[] }) {
  if (samples.length < 2) return <svg class="flow-line" viewBox={`0 0 ${WIDTH} ${HEIGHT}`} aria-hidden="true" />
  const top = Math.max(...samples) * 1.15 || 1
  const step = WIDTH / (Math.max(samples.length, FIRST_COUNT) - 1)
  const startX = WIDTH - step * (samples.length - 1)
  const points = samples.map(
    (value, i) => `${(startX + i * step).toFixed(1)} ${(HEIGHT - (value / top) * HEIGHT).toFixed(1)}`,
  )
  const line = `M${points.join('L')}`
  return (
    <svg class="flow-line" viewBox={`0 0 ${WIDTH} ${HEIGHT}`} preserveAspectRatio="none" aria-hidden="true">
      <path class="flow-area" d={`${line}L${WIDTH} ${HEIGHT}L${startX.toFixed(1)} ${HEIGHT}z`} />
      <path class="flow-stroke" d={line} vector-effect="non-scaling-stroke" />
    </svg>
  )
}
