import { useEffect, useRef, useState } from 'preact/hooks'
import type { RecordingInfo } from '../../api/recording-info.ts'
import type { PlaybackFailure } from '../../player/engine.ts'
import { Modal } from '../../ui/modal.tsx'
import { posterUrl } from './recorded-picture.tsx'

/** A recording in the browser's own player, over HLS. */
export function RecordingPlayer({ recording, onClose }: { recording: RecordingInfo; onClose: () => void }) {
  const video = useRef<HTMLVideoElement>(null)
  const [failure, setFailure] = useState<PlaybackFailure>()

  useEffect(() => {
    const element = video.current
    if (!element) return
    let stop: (() => void) | undefined
    let isOver = false
    const start = async () => {
      const { playRecording } = await import('../../player/hls-engine.ts')
      if (isOver) return
      stop = await playRecording(element, recording.hlsUrl, setFailure)
      if (isOver) stop()
    }
    start().catch((error: unknown) => setFailure({ kind: 'unreachable', detail: String(error) }))
    return () => {
      isOver = true
      stop?.()
    }
  }, [recording.hlsUrl])

  return (
    <Modal title={recording.stream} size="picture" onClose={onClose}>
      {/* biome-ignore lint/a11y/useMediaCaption: recordings carry no caption track yet. */}
      <video class="recording-video" ref={video} poster={posterUrl(recording, 1280)} controls autoPlay playsInline />
      {failure && (
        <p class="banner" role="alert">
          <span>
            <strong>This recording does not play here.</strong> Download it as MP4 instead. ({failure.detail})
          </span>
        </p>
      )}
    </Modal>
  )
}
