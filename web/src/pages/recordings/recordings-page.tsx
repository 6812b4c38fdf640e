import { useState } from 'preact/hooks'
import { ApiError, fetchRecordings } from '../../api/client.ts'
import type { RecordingInfo } from '../../api/recording-info.ts'
import { usePoll } from '../../api/use-poll.ts'
import { formatBytes, formatClock, formatCount } from '../../format.ts'
import { describeCodecs, describeSize, firstTrack } from '../../track-summary.ts'
import { Icon } from '../../ui/icons.tsx'
import { Notice, StaleBanner, StreamName, Unreachable } from '../../ui/notice.tsx'
import { Shell } from '../../ui/shell.tsx'
import { RecordedPicture } from './recorded-picture.tsx'
import { RecordingPlayer } from './recording-player.tsx'

const POLL_MS = 5000

export function RecordingsPage() {
  const { data, error, reload } = usePoll(fetchRecordings, POLL_MS)
  const [played, setPlayed] = useState<RecordingInfo>()
  return (
    <Shell page="recordings" title="Recordings" isFlowing={data?.some(({ isOpen }) => isOpen) ?? false}>
      <div class="page-head">
        <h1>Recordings</h1>
        {data && data.length > 0 && <p class="muted">{summarize(data)}</p>}
      </div>
      {data && error && <StaleBanner onRetry={reload} />}
      {!data && error && (isAbsent(error) ? <NotKept /> : <Unreachable error={error} onRetry={reload} />)}
      {!data && !error && <div class="skeleton skeleton-table" aria-busy="true" />}
      {data?.length === 0 && <Empty />}
      {data && data.length > 0 && <Table recordings={data.filter(isNoRung)} onPlay={setPlayed} />}
      {played && <RecordingPlayer recording={played} onClose={() => setPlayed(undefined)} />}
    </Shell>
  )
}

function summarize(recordings: readonly RecordingInfo[]): string {
  const bytes = recordings.reduce((sum, { byteLength }) => sum + byteLength, 0)
  return `${formatCount(recordings.filter(isNoRung).length, 'recording')} · ${formatBytes(bytes)}`
}

/** Rungs are played with the recording of their source. */
function isNoRung({ renditionOf }: RecordingInfo): boolean {
  return renditionOf === undefined
}

function isAbsent(error: Error): boolean {
  return error instanceof ApiError && error.status === 404
}

function Table({
  recordings,
  onPlay,
}: {
  recordings: readonly RecordingInfo[]
  onPlay: (recording: RecordingInfo) => void
}) {
  return (
    <table class="recordings">
      <thead>
        <tr>
          <th scope="col">Stream</th>
          <th scope="col">Started</th>
          <th scope="col" class="number">
            Length
          </th>
          <th scope="col" class="number">
            Size
          </th>
          <th scope="col">
            <span class="sr-only">Actions</span>
          </th>
        </tr>
      </thead>
      <tbody>
        {recordings.map((recording) => (
          <Row key={recording.id} recording={recording} onPlay={() => onPlay(recording)} />
        ))}
      </tbody>
    </table>
  )
}

function Row({ recording, onPlay }: { recording: RecordingInfo; onPlay: () => void }) {
  const { stream, startedEpochMs, durationSeconds, byteLength, isOpen, tracks, mp4Url } = recording
  const video = firstTrack(tracks, 'video')
  const facts = [video && describeSize(video), describeCodecs(tracks)].filter(Boolean).join(' · ')
  return (
    <tr>
      <td class="recording-name">
        <RecordedPicture recording={recording} />
        <StreamName name={stream} />
        {isOpen && (
          <span class="badge badge-recording">
            <span class="dot" /> Recording
          </span>
        )}
        {facts && <span class="recording-facts">{facts}</span>}
      </td>
      <td class="recording-start">{startedEpochMs === undefined ? '–' : <Started epochMs={startedEpochMs} />}</td>
      <td class="number">{formatClock(durationSeconds)}</td>
      <td class="number">{formatBytes(byteLength)}</td>
      <td class="recording-actions">
        <button
          type="button"
          class="button button-small button-soft"
          aria-label={`Play the recording of ${stream}`}
          onClick={onPlay}
        >
          <Icon name="play" size={16} /> Play
        </button>
        <a
          class="button button-small button-quiet"
          href={mp4Url}
          download
          aria-label={`Download the recording of ${stream} as MP4`}
        >
          <Icon name="download" size={16} /> MP4
        </a>
      </td>
    </tr>
  )
}

const DAY = new Intl.DateTimeFormat(undefined, { dateStyle: 'medium' })
const TIME = new Intl.DateTimeFormat(undefined, { timeStyle: 'short' })

function Started({ epochMs }: { epochMs: number }) {
  const date = new Date(epochMs)
  return (
    <time dateTime={date.toISOString()}>
      {DAY.format(date)} <span class="muted">{TIME.format(date)}</span>
    </time>
  )
}

function Empty() {
  return (
    <Notice title="Nothing recorded yet">
      <p>
        Streams whose settings say <code>record: true</code> are kept here, for instance:
      </p>
      <pre class="sample">
        <code>{'streams:\n  "live/**":\n    record: true'}</code>
      </pre>
    </Notice>
  )
}

function NotKept() {
  return (
    <Notice title="This server keeps no recordings">
      <p>Recording is not part of this server, or is switched off in its configuration.</p>
    </Notice>
  )
}
