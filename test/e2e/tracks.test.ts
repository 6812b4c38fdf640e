import assert from 'node:assert/strict'
import { test } from 'node:test'
import { audioTrack, videoTrack } from '../../src/media/codecs/index.ts'
import { FlvDemuxer } from '../../src/media/formats/flv/index.ts'
import { parseMediaPlaylist } from '../../src/media/formats/hls/index.ts'
import { checkPlaylist } from '../../src/media/formats/hls/testing/check-playlist.ts'
import { Fmp4Demuxer, readInitSegment } from '../../src/media/formats/mp4/index.ts'
import { TsDemuxer } from '../../src/media/formats/mpegts/index.ts'
import type { MediaSink, Track } from '../../src/media/model/index.ts'
import { HttpPublisher, HttpViewer } from '../support/http-publisher.ts'
import { poll } from '../support/poll.ts'
import type { TestServer } from '../support/server.ts'
import { SYNTHETIC_TRACKS, SyntheticStream } from '../support/synthetic.ts'
import { whileSending } from '../support/while-sending.ts'
import { describeWorkers } from '../support/workers.ts'

/** What a viewer was told of tracks, and how many frames of each came after. */
class TrackHistory implements MediaSink {
  readonly tracks: Track[] = []
  readonly frames = new Map<number, number>()
  onTrack(track: Track): void {
    this.tracks.push(track)
  }
  onFrame({ trackId }: { readonly trackId: number }): void {
    this.frames.set(trackId, (this.frames.get(trackId) ?? 0) + 1)
  }
}
const DEMUXERS = {
  flv: (sink: MediaSink) => new FlvDemuxer(sink),
  ts: (sink: MediaSink) => new TsDemuxer(sink),
  mp4: (sink: MediaSink) => new Fmp4Demuxer(sink),
} as const

function historyOf(format: keyof typeof DEMUXERS, bytes: Buffer): TrackHistory {
  const history = new TrackHistory()
  const demuxer = DEMUXERS[format](history)
  demuxer.push(bytes)
  demuxer.flush()
  return history
}

/** H.264 Constrained Baseline 640×360, as x264 writes it. */
const LARGER = videoTrack(
  1,
  'h264',
  Buffer.from('0142c01effe100196742c01ed900a02ff97011000003000100000300320f162e4801000568cb83cb20', 'hex'),
)
const [VIDEO, AUDIO] = SYNTHETIC_TRACKS

async function watchAll(server: TestServer, stream: string) {
  return await Promise.all(
    (['flv', 'ts', 'mp4'] as const).map(async (format) => ({
      format,
      viewer: await HttpViewer.join(server, `${stream}.${format}`),
    })),
  )
}

const SETS = ['streams.**.graceMs=0', 'streams.kept/**.record=true', 'hls.segmentMs=1000']

describeWorkers('tracks', SETS, (context) => {
  test('a new resolution in mid-stream reaches every output', async () => {
    const { server } = context
    using publisher = new HttpPublisher(server, 'kept/a.flv')
    await publisher.send(50)
    await server.live('kept/a')
    const viewers = await watchAll(server, 'kept/a')
    await publisher.sendBytes(publisher.stream.setTracks([LARGER, AUDIO].flatMap((track) => track ?? [])))
    await publisher.send(100)
    const playlist = await (await fetch(server.http('kept/a/t1.m3u8'))).text()
    assert.deepEqual(checkPlaylist(playlist), [])
    await publisher.finish()
    for (const { format, viewer } of viewers) {
      await viewer.end()
      const sizes = historyOf(format, viewer.received).tracks.flatMap((track) =>
        track.kind === 'video' ? [track.widthPx] : [],
      )
      assert.equal(sizes.at(-1), 640, `${format} ended at ${sizes}`)
      if (format !== 'ts') assert.equal(sizes[0], 320, `${format} began at ${sizes}`)
    }
    await checkRecording(server)
  })

  test('audio that is announced and never comes holds up no list', async () => {
    const { server } = context
    using publisher = new HttpPublisher(server, 'kept/mute.flv')
    const silent = new SyntheticStream({ tracks: VIDEO ? [VIDEO] : [] })
    await publisher.sendBytes(silent.frames(25 * 10))
    await server.live('kept/mute')
    for (const file of ['index.m3u8', 'manifest.mpd', 't1.m3u8', 'index-ts.m3u8', 'ts.m3u8']) {
      const response = await fetch(server.http(`kept/mute/${file}`))
      const text = await response.text()
      assert.equal(response.status, 200, `${file}: ${text}`)
      assert.doesNotMatch(text, /TYPE=AUDIO|contentType="audio"/, file)
    }
    await publisher.finish()
  })

  test('audio that appears later reaches every output', async () => {
    const { server } = context
    using publisher = new HttpPublisher(server, 'live/later.flv', { tracks: VIDEO ? [VIDEO] : [] })
    await publisher.send(50)
    await server.live('live/later')
    const viewers = await watchAll(server, 'live/later')
    const before = await whileSending(publisher, fetch(server.http('live/later/index.m3u8')))
    assert.doesNotMatch(await before.text(), /TYPE=AUDIO/)
    await publisher.sendBytes(publisher.stream.setTracks(SYNTHETIC_TRACKS))
    await publisher.send(100)
    // Its worker may hear of the new track a moment later.
    const withAudio = poll('audio in the playlist', async () => {
      const text = await (await fetch(server.http('live/later/index.m3u8'))).text()
      return text.includes('TYPE=AUDIO') ? true : undefined
    })
    await whileSending(publisher, withAudio)
    await publisher.finish()
    for (const { format, viewer } of viewers) {
      await viewer.end()
      const { tracks, frames } = historyOf(format, viewer.received)
      assert.ok(
        tracks.some(({ kind }) => kind === 'audio'),
        `${format} has an audio track`,
      )
      assert.ok((frames.get(2) ?? 0) > 100, `${format} has ${frames.get(2)} audio frames`)
    }
  })

  for (const [what, tracks] of [
    ['video-only', [VIDEO]],
    ['audio-only', [audioTrack(2, 'aac', Uint8Array.of(0x11, 0x90))]],
  ] as const) {
    test(`a ${what} stream plays everywhere`, async () => {
      const { server } = context
      using publisher = new HttpPublisher(server, `live/${what}.flv`, {
        tracks: tracks.flatMap((track) => track ?? []),
      })
      await publisher.send(50)
      await server.live(`live/${what}`)
      const viewers = await watchAll(server, `live/${what}`)
      const master = await whileSending(publisher, fetch(server.http(`live/${what}/index.m3u8`)))
      assert.equal(master.status, 200)
      assert.deepEqual(checkPlaylist(await master.text()), [])
      await publisher.send(150)
      await publisher.finish()
      for (const { format, viewer } of viewers) {
        await viewer.end()
        const { frames } = historyOf(format, viewer.received)
        assert.equal(frames.size, 1, format)
        assert.ok(([...frames.values()][0] ?? 0) >= 150, `${format}: ${[...frames.values()]}`)
      }
    })
  }
})

async function checkRecording(server: TestServer): Promise<void> {
  const recording = await poll('the closed recording', async () => {
    type Recording = { stream: string; isOpen: boolean; hlsUrl: string; mp4Url: string }
    const { recordings } = await server.json<{ recordings: Recording[] }>('api/v1/recordings')
    return recordings.find(({ stream, isOpen }) => stream === 'kept/a' && !isOpen)
  })
  const text = await (await fetch(server.http(recording.hlsUrl.slice(1).replace('index', 't1')))).text()
  assert.deepEqual(checkPlaylist(text), [])
  const playlist = parseMediaPlaylist(text)
  const maps = [...new Set(playlist.segments.map(({ map }) => map?.uri ?? ''))]
  assert.equal(maps.length, 2, 'two initialization segments')
  assert.ok(playlist.segments.some(({ discontinuity }) => discontinuity))
  const folder = recording.hlsUrl.slice(1).replace('index.m3u8', '')
  const widths = await Promise.all(
    maps.map(async (uri) => {
      const bytes = new Uint8Array(await (await fetch(server.http(folder + uri))).arrayBuffer())
      return readInitSegment(bytes).map((track) => (track.kind === 'video' ? track.widthPx : 0))
    }),
  )
  assert.deepEqual(widths, [[320], [640]])
  assert.equal((await fetch(server.http(recording.mp4Url.slice(1)))).status, 200)
}
