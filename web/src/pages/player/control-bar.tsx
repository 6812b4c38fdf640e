import { useEffect, useState } from 'preact/hooks'
import { Icon, type IconName } from '../../ui/icons.tsx'
import type { VideoControls } from './use-playback.ts'

type ControlBarProps = {
  controls: VideoControls
  isLive: boolean
  onTogglePlay: () => void
  onGoLive: () => void
  onTogglePictureInPicture: () => void
  onToggleFullscreen: () => void
}

export function ControlBar(props: ControlBarProps) {
  const { controls, isLive, onTogglePlay, onGoLive } = props
  const isFullscreen = useIsFullscreen()
  return (
    <div class="controls">
      <BarButton
        icon={controls.isPaused ? 'play' : 'pause'}
        label={controls.isPaused ? 'Play (k)' : 'Pause (k)'}
        onClick={onTogglePlay}
      />
      <BarButton
        icon={controls.isMuted ? 'muted' : 'sound'}
        label={controls.isMuted ? 'Sound on (m)' : 'Sound off (m)'}
        onClick={() => controls.setMuted(!controls.isMuted)}
      />
      <input
        class="volume"
        type="range"
        min="0"
        max="1"
        step="0.05"
        aria-label="Volume"
        value={controls.isMuted ? 0 : controls.volume}
        onInput={({ currentTarget }) => controls.setVolume(currentTarget.valueAsNumber)}
      />
      <button type="button" class="to-live" disabled={!isLive} title="Jump to the newest picture" onClick={onGoLive}>
        <span class="dot" /> Live
      </button>
      <span class="spacer" />
      {document.pictureInPictureEnabled && (
        <BarButton icon="picture" label="Picture in picture" onClick={props.onTogglePictureInPicture} />
      )}
      <BarButton
        icon={isFullscreen ? 'shrink' : 'expand'}
        label={isFullscreen ? 'Leave full screen (f)' : 'Full screen (f)'}
        onClick={props.onToggleFullscreen}
      />
    </div>
  )
}

function BarButton({ icon, label, onClick }: { icon: IconName; label: string; onClick: () => void }) {
  return (
    <button type="button" class="bar-button" aria-label={label} title={label} onClick={onClick}>
      <Icon name={icon} size={22} />
    </button>
  )
}

function useIsFullscreen(): boolean {
  const [isFullscreen, setIsFullscreen] = useState(false)
  useEffect(() => {
    const update = () => setIsFullscreen(document.fullscreenElement !== null)
    document.addEventListener('fullscreenchange', update)
    return () => document.removeEventListener('fullscreenchange', update)
  }, [])
  return isFullscreen
}
