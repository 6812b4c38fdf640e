import { fetchStreams } from '../../api/client.ts'
import { usePoll } from '../../api/use-poll.ts'
import { useBitrateHistory } from '../../ui/flow-line.tsx'
import { Notice, StaleBanner, Unreachable } from '../../ui/notice.tsx'
import { Shell } from '../../ui/shell.tsx'
import { PublishGuide } from './publish-guide.tsx'
import { StreamCard, summarize } from './stream-card.tsx'

const POLL_MS = 2000

export function ListPage() {
  const { data, error, reload } = usePoll(fetchStreams, POLL_MS)
  const history = useBitrateHistory(data)
  const hasStreams = data !== undefined && data.length > 0
  const isFlowing = !error && (data?.some(({ state }) => state === 'live') ?? false)
  return (
    <Shell page="streams" title="Live" isFlowing={isFlowing}>
      <div class="page-head">
        <h1>Live now</h1>
        {hasStreams && <p class="muted">{summarize(data)}</p>}
      </div>
      {hasStreams && error && <StaleBanner onRetry={reload} />}
      {!hasStreams && error && <Unreachable error={error} onRetry={reload} />}
      {!data && !error && <Skeleton />}
      {data?.length === 0 && !error && <Empty />}
      {hasStreams && (
        <ul class={`cards ${error ? 'is-stale' : ''}`}>
          {data.map((stream) => (
            <li key={stream.name}>
              <StreamCard stream={stream} samples={history.get(stream.name) ?? []} />
            </li>
          ))}
        </ul>
      )}
    </Shell>
  )
}

function Skeleton() {
  return (
    <ul class="cards" aria-busy="true" aria-label="Loading streams">
      {[0, 1, 2].map((index) => (
        <li key={index} class="skeleton" />
      ))}
    </ul>
  )
}

function Empty() {
  return (
    <Notice title="Nothing flows yet">
      <p>This server is up and waits for its first stream. Send one, and it appears here by itself.</p>
      <PublishGuide />
    </Notice>
  )
}
