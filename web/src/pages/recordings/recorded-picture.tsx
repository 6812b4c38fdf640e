import { useState } from 'preact/hooks'
import type { RecordingInfo } from '../../api/recording-info.ts'
import { Poster } from '../../ui/poster.tsx'

/** Most films are black at first. */
const AT_MOST_SECONDS = 10

/** A picture of the recording, of a place that stays when it grows. */
export function posterUrl({ id, durationSeconds, isOpen }: RecordingInfo, widthPx: number): string {
  const atSeconds = isOpen ? 0 : Math.min(AT_MOST_SECONDS, durationSeconds / 4)
  return `/vod/${id}/snapshot.jpg?width=${widthPx}&at=${atSeconds.toFixed(3)}`
}

/** The recording at a glance; its stream's colour and letters where no picture can be made. */
export function RecordedPicture({ recording }: { recording: RecordingInfo }) {
  const [isAbsent, setIsAbsent] = useState(false)
  return (
    <span class="recording-picture">
      {isAbsent ? (
        <Poster name={recording.stream} />
      ) : (
        <img
          src={posterUrl(recording, 240)}
          alt=""
          loading="lazy"
          decoding="async"
          width="120"
          height="68"
          onError={() => setIsAbsent(true)}
        />
      )}
    </span>
  )
}
