import type { ComponentChildren } from 'preact'
import { Icon } from './icons.tsx'

/** A whole page that says why it is empty. */
export function Notice({ title, children }: { title: string; children: ComponentChildren }) {
  return (
    <div class="notice">
      <h2>{title}</h2>
      {children}
    </div>
  )
}

/** Above what is still shown: the newest request failed. */
export function StaleBanner({ onRetry }: { onRetry: () => void }) {
  return (
    <div class="banner" role="alert">
      <span>
        <strong>The server does not answer.</strong> What you see may be old; this page keeps trying.
      </span>
      <button type="button" class="button button-small" onClick={onRetry}>
        <Icon name="retry" size={16} /> Try now
      </button>
    </div>
  )
}

export function Unreachable({ error, onRetry }: { error: Error; onRetry: () => void }) {
  return (
    <Notice title="The server does not answer">
      <p role="alert">
        {error.message} This page keeps trying and comes back by itself. If you run this server, look at its log.
      </p>
      <button type="button" class="button" onClick={onRetry}>
        <Icon name="retry" size={18} /> Try now
      </button>
    </Notice>
  )
}

export function StateBadge({ state }: { state: 'live' | 'waiting' }) {
  return state === 'live' ? (
    <span class="badge badge-live">Live</span>
  ) : (
    <span class="badge badge-waiting">Waiting for publisher</span>
  )
}

export function RecordingDot() {
  return (
    <span class="badge badge-recording" title="This stream is being recorded">
      <span class="dot" /> Rec<span class="sr-only">ording</span>
    </span>
  )
}

/** `live/demo` with its last part in front. */
export function StreamName({ name }: { name: string }) {
  const cut = name.lastIndexOf('/') + 1
  return (
    <span class="stream-name">
      {cut > 0 && <span class="stream-folder">{name.slice(0, cut)}</span>}
      {name.slice(cut)}
    </span>
  )
}
