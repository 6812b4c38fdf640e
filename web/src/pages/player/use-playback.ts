import type { RefObject } from 'preact'
import { useCallback, useEffect, useRef, useState } from 'preact/hooks'
import { fetchStream } from '../../api/client.ts'
import type { StreamInfo } from '../../api/stream-info.ts'
import { PLAIN_WORDS } from '../../player/plain-words.ts'
import { PlaybackSession, type SessionState } from '../../player/playback-session.ts'
import type { ProtocolId } from '../../player/protocols.ts'

declare global {
  interface Window {
    /** For tests and for people who look into the page: what the player does at this moment. */
    __millrace?: { protocol: ProtocolId; state: 'loading' | 'playing' | 'error'; error?: string }
  }
}

function publishState(protocol: ProtocolId, state: SessionState): void {
  const { phase } = state
  const shown = phase === 'paused' ? 'loading' : phase
  window.__millrace = { protocol, state: shown }
  if (phase === 'error') window.__millrace.error = `${PLAIN_WORDS[state.failure.kind].title} (${state.failure.detail})`
}

export type Playback = {
  readonly video: RefObject<HTMLVideoElement | null>
  readonly session: RefObject<PlaybackSession | undefined>
  readonly state: SessionState
}

/** One session for each stream and protocol, told about the stream whenever the API answers. */
export function usePlayback(name: string, protocol: ProtocolId, stream: StreamInfo | null | undefined): Playback {
  const video = useRef<HTMLVideoElement>(null)
  const session = useRef<PlaybackSession | undefined>(undefined)
  const [state, setState] = useState<SessionState>({ phase: 'loading' })

  useEffect(() => {
    if (!video.current) return
    const controller = new AbortController()
    const onState = (next: SessionState) => {
      publishState(protocol, next)
      setState(next)
    }
    onState({ phase: 'loading' })
    const lookup = () => fetchStream(name, controller.signal)
    const started = new PlaybackSession({ video: video.current, name, protocol, lookup, onState })
    session.current = started
    return () => {
      controller.abort()
      started.destroy()
      session.current = undefined
    }
  }, [name, protocol])

  useEffect(() => {
    if (stream !== undefined) session.current?.update(stream)
  }, [stream])

  return { video, session, state }
}

const SOUND_KEY = 'millrace.sound'

export type VideoControls = {
  readonly isPaused: boolean
  readonly isBuffering: boolean
  readonly isMuted: boolean
  readonly volume: number
  /** The browser refuses to start without a click. */
  readonly isBlocked: boolean
  setMuted(isMuted: boolean): void
  setVolume(volume: number): void
}

const VIDEO_EVENTS = ['play', 'pause', 'playing', 'waiting', 'volumechange', 'loadeddata', 'emptied', 'seeked'] as const

/** The video element's own state; starts it muted unless this visitor has chosen sound before. */
export function useVideoControls(video: RefObject<HTMLVideoElement | null>): VideoControls {
  const [, render] = useState(0)
  const [isBuffering, setIsBuffering] = useState(false)
  const [isBlocked, setIsBlocked] = useState(false)

  useEffect(() => {
    const element = video.current
    if (!element) return
    const controller = new AbortController()
    const { signal } = controller
    element.muted = localStorage.getItem(SOUND_KEY) !== 'on'
    for (const type of VIDEO_EVENTS) element.addEventListener(type, () => render((count) => count + 1), { signal })
    element.addEventListener('waiting', () => setIsBuffering(true), { signal })
    for (const type of ['playing', 'pause', 'emptied'] as const)
      element.addEventListener(type, () => setIsBuffering(false), { signal })
    element.addEventListener('playing', () => setIsBlocked(false), { signal })
    element.addEventListener('loadeddata', () => void startPlaying(element).then(setIsBlocked), { signal })
    return () => controller.abort()
  }, [video])

  const setMuted = useCallback(
    (isMuted: boolean) => {
      localStorage.setItem(SOUND_KEY, isMuted ? 'off' : 'on')
      if (video.current) video.current.muted = isMuted
    },
    [video],
  )
  const setVolume = useCallback(
    (volume: number) => {
      if (!video.current) return
      video.current.volume = Math.min(1, Math.max(0, volume))
      setMuted(video.current.volume === 0)
    },
    [video, setMuted],
  )
  const { paused = true, muted = true, volume = 1 } = video.current ?? {}
  return { isPaused: paused, isBuffering, isMuted: muted, volume, isBlocked, setMuted, setVolume }
}

/** True where the browser refuses even without sound. */
async function startPlaying(video: HTMLVideoElement): Promise<boolean> {
  try {
    await video.play()
  } catch (error) {
    if (!(error instanceof DOMException) || error.name !== 'NotAllowedError') return false
    if (video.muted) return true
    video.muted = true
    return startPlaying(video)
  }
  return false
}
