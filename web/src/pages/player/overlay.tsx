import { useEffect, useState } from 'preact/hooks'
import { formatUptime } from '../../format.ts'
import { PLAIN_WORDS } from '../../player/plain-words.ts'
import type { SessionState } from '../../player/playback-session.ts'
import { Icon } from '../../ui/icons.tsx'
import type { VideoControls } from './use-playback.ts'

type OverlayProps = {
  state: SessionState
  controls: VideoControls
  isPublisherAway: boolean
  onPlay: () => void
  onRetry: () => void
}

/** What stands over the picture while there is none: connecting, waiting, or why it failed. */
export function Overlay({ state, controls, isPublisherAway, onPlay, onRetry }: OverlayProps) {
  if (state.phase === 'error') return <Failure state={state} onRetry={onRetry} />
  if (state.phase === 'paused' || controls.isBlocked)
    return (
      <button type="button" class="big-play" aria-label="Play" onClick={onPlay}>
        <Icon name="play" size={40} />
      </button>
    )
  if (isPublisherAway) return <Waiting text="The publisher is away. Waiting for it to come back…" />
  if (state.phase === 'loading') return <Waiting text="Connecting…" />
  return controls.isBuffering ? <Waiting text="Buffering…" /> : null
}

function Waiting({ text }: { text: string }) {
  return (
    <div class="overlay" role="status">
      <span class="spinner" />
      <span>{text}</span>
    </div>
  )
}

function Failure({ state, onRetry }: { state: SessionState & { phase: 'error' }; onRetry: () => void }) {
  const { title, text } = PLAIN_WORDS[state.failure.kind]
  return (
    <div class="overlay overlay-failure" role="alert">
      <h2>{title}</h2>
      <p>{text}</p>
      <div class="overlay-actions">
        <button type="button" class="button button-on-picture" onClick={onRetry}>
          <Icon name="retry" size={18} /> Try now
        </button>
        {state.retryAtMs !== undefined && <Countdown atMs={state.retryAtMs} />}
      </div>
      {state.failure.kind !== 'offline' && <p class="overlay-detail">{state.failure.detail}</p>}
    </div>
  )
}

function Countdown({ atMs }: { atMs: number }) {
  const [nowMs, setNowMs] = useState(performance.now())
  useEffect(() => {
    const timer = setInterval(() => setNowMs(performance.now()), 250)
    return () => clearInterval(timer)
  }, [])
  return <span aria-hidden="true">again in {formatUptime(Math.ceil(Math.max(0, atMs - nowMs) / 1000))}</span>
}
