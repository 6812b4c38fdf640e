import { useEffect, useState } from 'preact/hooks'
import { formatBitrate, formatCount } from '../../format.ts'
import type { Delay } from '../../player/engine.ts'
import type { Playback } from './use-playback.ts'

const SAMPLE_MS = 500

type Sample = {
  readonly delay: Delay | undefined
  readonly droppedFrameCount: number
  readonly totalFrameCount: number
  readonly widthPx: number
  readonly heightPx: number
}

/** What this viewer gets, measured in this browser. */
export function StatsStrip({ playback, bitsPerSecond }: { playback: Playback; bitsPerSecond: number | undefined }) {
  const { delay, droppedFrameCount, totalFrameCount, widthPx, heightPx } = useSample(playback)
  const isLatency = delay?.kind === 'latency'
  return (
    <dl class="stats">
      <Stat
        label={isLatency ? 'Latency' : 'Buffer'}
        value={delay ? `${delay.seconds.toFixed(1)} s` : '–'}
        explanation={
          isLatency
            ? 'Since the server received this picture, by its clock in the playlist'
            : 'What this browser holds in reserve; the time on the way is not included'
        }
      />
      <Stat label="Picture" value={widthPx > 0 ? `${widthPx} × ${heightPx}` : '–'} explanation="As decoded here" />
      <Stat
        label="Dropped"
        value={totalFrameCount > 0 ? formatCount(droppedFrameCount, 'frame') : '–'}
        explanation={`Of ${totalFrameCount.toLocaleString('en')} frames that this browser has received`}
      />
      <Stat
        label="Bitrate"
        value={bitsPerSecond ? formatBitrate(bitsPerSecond) : '–'}
        explanation="Of the stream, as the server measures it"
      />
    </dl>
  )
}

function Stat({ label, value, explanation }: { label: string; value: string; explanation: string }) {
  return (
    <div class="stat" title={explanation}>
      <dt>{label}</dt>
      <dd>{value}</dd>
    </div>
  )
}

function useSample({ video, session }: Playback): Sample {
  const [sample, setSample] = useState<Sample>(EMPTY)
  useEffect(() => {
    const timer = setInterval(() => {
      const element = video.current
      if (!element) return
      const { droppedVideoFrames, totalVideoFrames } = element.getVideoPlaybackQuality()
      setSample({
        delay: session.current?.delay(),
        droppedFrameCount: droppedVideoFrames,
        totalFrameCount: totalVideoFrames,
        widthPx: element.videoWidth,
        heightPx: element.videoHeight,
      })
    }, SAMPLE_MS)
    return () => clearInterval(timer)
  }, [video, session])
  return sample
}

const EMPTY: Sample = { delay: undefined, droppedFrameCount: 0, totalFrameCount: 0, widthPx: 0, heightPx: 0 }
