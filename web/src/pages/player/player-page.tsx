import { useCallback, useMemo, useState } from 'preact/hooks'
import { fetchStream } from '../../api/client.ts'
import { usePoll } from '../../api/use-poll.ts'
import { formatCount } from '../../format.ts'
import { initialProtocol, type ProtocolId, rememberProtocol } from '../../player/protocols.ts'
import { useBitrateHistory } from '../../ui/flow-line.tsx'
import { Icon } from '../../ui/icons.tsx'
import { RecordingDot, StateBadge, StreamName } from '../../ui/notice.tsx'
import { Link } from '../../ui/router.tsx'
import { Shell } from '../../ui/shell.tsx'
import { ProtocolChooser } from './protocol-chooser.tsx'
import { Stage } from './stage.tsx'
import { StatsStrip } from './stats-strip.tsx'
import { Addresses, StreamFacts } from './stream-facts.tsx'
import { usePlayback, useVideoControls } from './use-playback.ts'

const POLL_MS = 2000

export function PlayerPage({ name }: { name: string }) {
  const load = useCallback((signal: AbortSignal) => fetchStream(name, signal), [name])
  const { data: stream, error } = usePoll(load, POLL_MS)
  const [protocol, setProtocol] = useState(initialProtocol)
  const playback = usePlayback(name, protocol, stream)
  const controls = useVideoControls(playback.video)
  const samples = useBitrateHistory(useMemo(() => (stream ? [stream] : undefined), [stream])).get(name) ?? []
  const choose = (chosen: ProtocolId) => {
    rememberProtocol(chosen)
    setProtocol(chosen)
  }
  const isFlowing = !error && stream?.state === 'live'

  return (
    <Shell page="player" title={name} isFlowing={isFlowing}>
      <div class="page-head player-head">
        <Link href="/" class="icon-button" aria-label="All streams">
          <Icon name="back" />
        </Link>
        <h1>
          <StreamName name={name} />
        </h1>
        {stream && <StateBadge state={stream.state} />}
        {stream === null && <span class="badge badge-off">Offline</span>}
        {stream?.isRecording && <RecordingDot />}
        {stream && (
          <span class="muted player-viewers">
            <Icon name="eye" size={17} /> {formatCount(stream.viewers.total, 'viewer')}
          </span>
        )}
      </div>
      <div class="player-columns">
        <div class="player-main">
          <Stage name={name} playback={playback} controls={controls} isPublisherAway={stream?.state === 'waiting'} />
          <StatsStrip playback={playback} bitsPerSecond={stream?.bitsPerSecond} />
          <ProtocolChooser protocol={protocol} onChoose={choose} />
          <Addresses name={name} />
        </div>
        <div class="player-side">{stream && <StreamFacts stream={stream} samples={samples} />}</div>
      </div>
    </Shell>
  )
}
