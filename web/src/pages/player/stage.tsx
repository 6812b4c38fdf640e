import { useCallback, useEffect, useRef, useState } from 'preact/hooks'
import { Icon } from '../../ui/icons.tsx'
import { Snapshot } from '../../ui/snapshot.tsx'
import { ControlBar } from './control-bar.tsx'
import { Overlay } from './overlay.tsx'
import { toggleFullscreen, togglePictureInPicture } from './screen-modes.ts'
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
  const toggleScreen = () => void toggleFullscreen(frame.current, video.current)
  const onKeyDown = (event: KeyboardEvent) => {
    const action = keyAction(event, { controls, togglePlay, toggleFullscreen: toggleScreen })
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
      <video ref={video} playsInline aria-label={`Stream ${name}`} onClick={togglePlay} onDblClick={toggleScreen} />
      {!isPlaying && <Snapshot name={name} isLive={!isPublisherAway} />}
      <Overlay
        state={state}
        controls={controls}
        isPublisherAway={isPublisherAway}
        onPlay={togglePlay}
        onRetry={() => session.current?.retry()}
      />
      {isPlaying && controls.isMuted && !controls.isPaused && <Unmute controls={controls} />}
      <ControlBar
        controls={controls}
        isLive={isPlaying}
        onTogglePlay={togglePlay}
        onGoLive={() => session.current?.goLive()}
        onTogglePictureInPicture={() => void togglePictureInPicture(video.current)}
        onToggleFullscreen={toggleScreen}
      />
    </div>
  )
}

function Unmute({ controls }: { controls: VideoControls }) {
  return (
    <button type="button" class="unmute" onClick={() => controls.setMuted(false)}>
      <Icon name="muted" size={18} /> Tap for sound
    </button>
  )
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
