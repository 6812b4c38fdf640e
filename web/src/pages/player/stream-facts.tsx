import type { ComponentChildren } from 'preact'
import type { StreamInfo, TrackInfo } from '../../api/stream-info.ts'
import { formatBitrate, formatBytes, formatCodec, formatProtocol, formatUptime } from '../../format.ts'
import { describeFrameRate, describeSize, describeSound } from '../../track-summary.ts'
import { CopyField } from '../../ui/copy-field.tsx'
import { FlowLine } from '../../ui/flow-line.tsx'
import { outputAddresses, useRtmpBase } from '../../ui/use-addresses.ts'

/** What the server says about the stream. */
export function StreamFacts({ stream, samples }: { stream: StreamInfo; samples: readonly number[] }) {
  const { publisher, tracks, viewers, startedEpochMs, receivedBytes, bitsPerSecond } = stream
  return (
    <>
      <section class="panel">
        <div class="panel-flow">
          <div>
            <h2>Incoming</h2>
            <p class="figure figure-large">{formatBitrate(bitsPerSecond)}</p>
          </div>
          <FlowLine samples={samples} />
        </div>
        <dl class="facts">
          {publisher && <Fact label="Publisher">{formatProtocol(publisher.protocol)}</Fact>}
          {publisher?.remoteAddress && <Fact label="From">{publisher.remoteAddress}</Fact>}
          {publisher?.agent && <Fact label="Software">{publisher.agent}</Fact>}
          {startedEpochMs !== undefined && (
            <Fact label="Live for">
              <time dateTime={new Date(startedEpochMs).toISOString()} title={new Date(startedEpochMs).toLocaleString()}>
                {formatUptime((Date.now() - startedEpochMs) / 1000)}
              </time>
            </Fact>
          )}
          {receivedBytes > 0 && <Fact label="Received">{formatBytes(receivedBytes)}</Fact>}
        </dl>
      </section>
      <section class="panel">
        <h2>Tracks</h2>
        {tracks.length === 0 && <p class="muted">Reading the first frames…</p>}
        <ul class="tracks">
          {tracks.map((track) => (
            <Track key={track.id} track={track} />
          ))}
        </ul>
      </section>
      <Viewers viewers={viewers} />
    </>
  )
}

function Fact({ label, children }: { label: string; children: ComponentChildren }) {
  return (
    <div>
      <dt>{label}</dt>
      <dd>{children}</dd>
    </div>
  )
}

function Track({ track }: { track: TrackInfo }) {
  const details =
    track.kind === 'video' ? [describeSize(track), describeFrameRate(track)] : [describeSound(track), track.language]
  return (
    <li>
      <span class="track-kind">{track.kind === 'video' ? 'Video' : 'Audio'}</span>
      <span class="track-codec">
        <strong>{formatCodec(track.codec)}</strong>
        {track.codecString && <code>{track.codecString}</code>}
      </span>
      <span class="muted">{[...details, formatBitrate(track.bitsPerSecond)].filter(Boolean).join(' · ')}</span>
    </li>
  )
}

function Viewers({ viewers }: { viewers: StreamInfo['viewers'] }) {
  const counts = Object.entries(viewers.byProtocol)
    .filter(([, count]) => count > 0)
    .sort(([, a], [, b]) => b - a)
  const most = counts[0]?.[1] ?? 1
  return (
    <section class="panel">
      <h2>
        Viewers <span class="figure">{viewers.total.toLocaleString('en')}</span>
      </h2>
      {counts.length === 0 && <p class="muted">Nobody watches at the moment.</p>}
      <ul class="bars">
        {counts.map(([protocol, count]) => (
          <li key={protocol}>
            <span>{formatProtocol(protocol)}</span>
            <span class="bar">
              <span class="bar-fill" style={{ width: `${(count / most) * 100}%` }} />
            </span>
            <span class="figure">{count.toLocaleString('en')}</span>
          </li>
        ))}
      </ul>
    </section>
  )
}

export function Addresses({ name }: { name: string }) {
  const rtmpBase = useRtmpBase()
  return (
    <section class="panel">
      <h2>Play it elsewhere</h2>
      <p class="muted">For VLC, ffplay, OBS, or a page of your own.</p>
      <div class="addresses">
        {outputAddresses(name, rtmpBase).map(({ label, text }) => (
          <CopyField key={label} label={label} text={text} />
        ))}
      </div>
    </section>
  )
}
