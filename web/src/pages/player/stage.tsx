import { useCallback, useEffect, useRef, useState } from 'preact/hooks'
import { formatUptime } from '../../format.ts'
import { PLAIN_WORDS } from '../../player/plain-words.ts'
import type { SessionState } from '../../player/playback-session.ts'
import { Icon } from '../../ui/icons.tsx'
import { Poster } from '../../ui/poster.tsx'
import { ControlBar } from './control-bar.tsx'
import type { Playback, VideoControls } from './use-playback.ts'

const IDLE_MS = 2600
const VOLUME_STEP = 0.1

type StageProps = { name: string; playback: Playback; controls: VideoControls; isPublisherAway: boolean }

/** The picture with everything that lies on it. */
export function Stage({ name, playback, controls, isPublisherAway }: StageProps) {
  const { video, session, state } = playback
  const frame = useRef<HTMLDivElement>(null)
  const isIdle = useIdle(frame)
  const togglePlay = useCallback(() => {
    if (!video.current) return
    if (video.current.paused) session.current?.resume()
    else video.current.pause()
  }, [video, session])
  const onKeyDown = (event: KeyboardEvent) => {
    const action = keyAction(event, {
      controls,
      togglePlay,
      toggleFullscreen: () => void toggleFullscreen(frame.current, video.current),
    })
    if (!action) return
    event.preventDefault()
    action()
  }
  const isPlaying = state.phase === 'playing'
  const isQuiet = isPlaying && isIdle && !controls.isPaused

  return (
    // biome-ignore lint/a11y/noStaticElementInteractions: keys work anywhere on the player; every action has its button.
    <div class={`stage ${isQuiet ? 'stage-quiet' : ''}`} ref={frame} onKeyDown={onKeyDown}>
      {/* biome-ignore lint/a11y/useMediaCaption: live streams carry no caption track yet. */}
      <video
        ref={video}
        playsInline
        aria-label={`Stream ${name}`}
        onClick={togglePlay}
        onDblClick={() => void toggleFullscreen(frame.current, video.current)}
      />
      {!isPlaying && <Poster name={name} />}
      <Overlay
        state={state}
        controls={controls}
        isPublisherAway={isPublisherAway}
        onPlay={togglePlay}
        onRetry={() => session.current?.retry()}
      />
      {isPlaying && controls.isMuted && !controls.isPaused && (
        <button type="button" class="unmute" onClick={() => controls.setMuted(false)}>
          <Icon name="muted" size={18} /> Tap for sound
        </button>
      )}
      <ControlBar
        controls={controls}
        isLive={isPlaying}
        onTogglePlay={togglePlay}
        onGoLive={() => session.current?.goLive()}
        onTogglePictureInPicture={() => void togglePictureInPicture(video.current)}
        onToggleFullscreen={() => void toggleFullscreen(frame.current, video.current)}
      />
    </div>
  )
}

type OverlayProps = {
  state: SessionState
  controls: VideoControls
  isPublisherAway: boolean
  onPlay: () => void
  onRetry: () => void
}

function Overlay({ state, controls, isPublisherAway, onPlay, onRetry }: OverlayProps) {
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

type KeyTargets = { controls: VideoControls; togglePlay: () => void; toggleFullscreen: () => void }

function keyAction(
  event: KeyboardEvent,
  { controls, togglePlay, toggleFullscreen }: KeyTargets,
): (() => void) | undefined {
  if (event.ctrlKey || event.metaKey || event.altKey) return undefined
  const onControl = event.target instanceof HTMLButtonElement || event.target instanceof HTMLInputElement
  const actions: Readonly<Record<string, () => void>> = {
    k: togglePlay,
    m: () => controls.setMuted(!controls.isMuted),
    f: toggleFullscreen,
    ...(onControl
      ? {}
      : {
          ' ': togglePlay,
          ArrowUp: () => controls.setVolume(controls.volume + VOLUME_STEP),
          ArrowDown: () => controls.setVolume(controls.volume - VOLUME_STEP),
        }),
  }
  return actions[event.key]
}

/** True when neither pointer nor keyboard moved for a while: the controls step back. */
function useIdle(frame: { readonly current: HTMLElement | null }): boolean {
  const [isIdle, setIsIdle] = useState(false)
  useEffect(() => {
    const controller = new AbortController()
    const { signal } = controller
    let timer: ReturnType<typeof setTimeout> | undefined
    const wake = () => {
      setIsIdle(false)
      clearTimeout(timer)
      timer = setTimeout(() => setIsIdle(true), IDLE_MS)
    }
    for (const type of ['pointermove', 'pointerdown', 'keydown', 'focusin'])
      frame.current?.addEventListener(type, wake, { signal, passive: true })
    wake()
    return () => {
      clearTimeout(timer)
      controller.abort()
    }
  }, [frame])
  return isIdle
}

/** iPhone can only show the video element itself on the whole screen. */
type FullscreenVideo = HTMLVideoElement & { webkitEnterFullscreen?(): void }

async function toggleFullscreen(frame: HTMLElement | null, video: FullscreenVideo | null): Promise<void> {
  try {
    if (document.fullscreenElement) await document.exitFullscreen()
    else if (frame?.requestFullscreen) await frame.requestFullscreen()
    else video?.webkitEnterFullscreen?.()
  } catch {
    // Refused by the browser or by an embedding page: the picture stays as large as it is.
  }
}

async function togglePictureInPicture(video: HTMLVideoElement | null): Promise<void> {
  try {
    if (document.pictureInPictureElement) await document.exitPictureInPicture()
    else await video?.requestPictureInPicture()
  } catch {
    // Refused by the browser: nothing changes.
  }
}
