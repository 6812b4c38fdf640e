import type { StreamInfo } from '../../api/stream-info.ts'
import { formatBitrate, formatCount, formatUptime } from '../../format.ts'
import { describeCodecs, describeFrameRate, describeSize, firstTrack } from '../../track-summary.ts'
import { FlowLine } from '../../ui/flow-line.tsx'
import { Icon } from '../../ui/icons.tsx'
import { RecordingDot, StateBadge, StreamName } from '../../ui/notice.tsx'
import { Link } from '../../ui/router.tsx'
import { Snapshot } from '../../ui/snapshot.tsx'

export function StreamCard({ stream, samples }: { stream: StreamInfo; samples: readonly number[] }) {
  const { name, state, tracks, viewers, bitsPerSecond, startedEpochMs, isRecording } = stream
  const isLive = state === 'live'
  const video = firstTrack(tracks, 'video')
  const picture = video ? [describeSize(video), describeFrameRate(video)] : ['sound only']
  const facts = [...picture, describeCodecs(tracks)].filter(Boolean).join(' · ')
  return (
    <Link href={`/${name}`} class={`card ${isLive ? '' : 'card-waiting'}`}>
      <div class="card-picture">
        <Snapshot name={name} isLive={isLive} />
        <div class="card-badges">
          <StateBadge state={state} />
          {isRecording && <RecordingDot />}
        </div>
        <span class="badge badge-glass card-viewers">
          <Icon name="eye" size={15} /> {viewers.total.toLocaleString('en')}
          <span class="sr-only">{viewers.total === 1 ? 'viewer' : 'viewers'}</span>
        </span>
      </div>
      <div class="card-text">
        <h2 class="card-name">
          <StreamName name={name} />
        </h2>
        <p class="card-facts">{tracks.length > 0 ? facts : 'Reading the first frames…'}</p>
        <div class="card-foot">
          <span class="figure">{isLive ? formatBitrate(bitsPerSecond) : 'no data'}</span>
          {startedEpochMs !== undefined && (
            <span class="muted">up {formatUptime((Date.now() - startedEpochMs) / 1000)}</span>
          )}
          <FlowLine samples={samples} />
        </div>
      </div>
    </Link>
  )
}

/** `2 streams · 14 viewers · 5.3 Mbit/s in`. */
export function summarize(streams: readonly StreamInfo[]): string {
  const viewers = streams.reduce((sum, stream) => sum + stream.viewers.total, 0)
  const bits = streams.reduce((sum, stream) => sum + stream.bitsPerSecond, 0)
  return [formatCount(streams.length, 'stream'), formatCount(viewers, 'viewer'), `${formatBitrate(bits)} in`].join(
    ' · ',
  )
}
