import assert from 'node:assert/strict'
import { describe, it } from 'node:test'
import { checkMpd } from '../../../media/formats/dash/testing/check-mpd.ts'
import { readMpd } from '../../../media/formats/dash/testing/read-mpd.ts'
import { parseMediaPlaylist } from '../../../media/formats/hls/index.ts'
import type { Track } from '../../../media/model/index.ts'
import { CmafIndex } from '../../packaging/index.ts'
import { manifest } from './dash/manifest.ts'
import { findMedia, nowNamed } from './find-media.ts'
import { mediaPlaylist } from './hls/media.ts'
import { multivariantPlaylist } from './hls/multivariant.ts'
import { parseSegmentedResource } from './segment-address.ts'
import { AUDIO, audioFrame, problemsOf, startOutput, VIDEO, videoFrame } from './testing/packaged-stream.ts'

const NUMBER = { template: 'number' } as const

describe('the lists of a stream', () => {
  it('number segments one after the other, with gaps where a track is silent', () => {
    const { output, index, follow } = startOutput()
    output.onTracks([VIDEO, AUDIO])
    let audioAt = 0
    for (let atMs = 0; atMs < 12_000; atMs += 40) {
      const context = { isJoin: false, epochMs: atMs }
      output.onFrame(videoFrame(atMs, atMs % 1000 === 0), context)
      const isSilent = atMs > 2500 && atMs < 10_500
      for (; audioAt / 48 < atMs; audioAt += 1024) if (!isSilent) output.onFrame(audioFrame(audioAt), context)
      follow()
    }
    const track = index.tracks.get(2)
    assert.ok(track)
    const { segments } = parseMediaPlaylist(mediaPlaylist(index, track, 'whole'))
    assert.ok(segments.some(({ gap }) => gap))
    const numbers = track.segments.map(({ sequence }) => sequence)
    assert.deepEqual(
      numbers,
      numbers.map((_, at) => (numbers[0] ?? 0) + at),
    )
    // An MPD has no word for gaps: what it lists can be had all the same.
    const { periods } = readMpd(manifest('live/a', [{ prefix: '', index }], { template: 'timeline' }) ?? '')
    const files = periods.flatMap(({ representations }) => representations.flatMap((each) => each.segments))
    const states = files.map(({ uri }) => {
      const resource = parseSegmentedResource(uri)
      return resource?.kind === 'segment' ? findMedia(index, resource).state : uri
    })
    assert.deepEqual([...new Set(states)].sort(), ['gap', 'whole'])
    assert.deepEqual(problemsOf(index), [])
  })

  it('have the clock, the codec and the size that each segment was made with', () => {
    const { output, index, follow } = startOutput()
    const feed = (fromMs: number, sampleRateHz: number) => {
      let audioAt = Math.round((fromMs / 1000) * sampleRateHz)
      for (let atMs = fromMs; atMs < fromMs + 4000; atMs += 40) {
        const context = { isJoin: false, epochMs: atMs }
        output.onFrame(videoFrame(atMs, atMs % 1000 === 0), context)
        for (; (audioAt * 1000) / sampleRateHz < atMs; audioAt += 1024) output.onFrame(audioFrame(audioAt), context)
        follow()
      }
    }
    output.onTracks([VIDEO, AUDIO])
    feed(0, 48_000)
    output.onDiscontinuity()
    output.onTracks([
      { ...VIDEO, codecString: 'avc1.42c01e', config: Uint8Array.of(...VIDEO.config, 0) },
      { ...AUDIO, clockRateHz: 44_100, sampleRateHz: 44_100, config: Uint8Array.of(...AUDIO.config, 0) } as Track,
    ])
    feed(4000, 44_100)
    const track = index.tracks.get(2)
    assert.ok(track)
    const { segments } = parseMediaPlaylist(mediaPlaylist(index, track, 'whole'))
    for (const { durationMs } of segments) assert.ok(Math.abs(durationMs - 1000) < 50, `${durationMs} ms`)
    const { periods } = readMpd(manifest('live/a', [{ prefix: '', index }], { template: 'timeline' }) ?? '')
    assert.deepEqual(
      periods.map(({ startMs, representations }) => [
        startMs,
        representations.map(({ codecs, timescaleHz }) => [codecs, timescaleHz]),
      ]),
      [
        [
          0,
          [
            [VIDEO.codecString, 90_000],
            [AUDIO.codecString, 48_000],
          ],
        ],
        [
          4000,
          [
            ['avc1.42c01e', 90_000],
            [AUDIO.codecString, 44_100],
          ],
        ],
      ],
    )
    const multivariant = multivariantPlaylist([{ prefix: '', index }])
    assert.match(multivariant, new RegExp(`CODECS="${VIDEO.codecString},avc1.42c01e,${AUDIO.codecString}"`))
    assert.deepEqual(problemsOf(index), [])
  })

  it('have every segment in the period of its own track, however short the one before a change is', () => {
    const { output, index, follow } = startOutput()
    output.onTracks([VIDEO])
    // The size changes 400 ms behind the start of a segment.
    for (let atMs = 0; atMs < 6400; atMs += 40) {
      if (atMs === 3400)
        output.onTracks([{ ...VIDEO, widthPx: 160, config: Uint8Array.of(...VIDEO.config, 0) } as Track])
      output.onFrame(videoFrame(atMs, atMs % 1000 === 0 || atMs === 3400), { isJoin: false, epochMs: atMs })
    }
    follow()
    const { periods } = readMpd(manifest('live/a', [{ prefix: '', index }], { template: 'timeline' }) ?? '')
    assert.deepEqual(
      periods.flatMap(({ representations }) => representations.map(({ segments }) => segments.length)),
      [2, 3],
    )
    assert.deepEqual(problemsOf(index), [])
  })

  it('put periods one after the other, also where a publisher was faster than the clock', () => {
    const { output, index, follow } = startOutput()
    output.onTracks([VIDEO])
    const second = (from: number) => {
      const frames = Array.from({ length: 75 }, (_, at) => videoFrame(from + at * 40, at % 25 === 0))
      // All of it arrives at once.
      for (const frame of frames) output.onFrame(frame, { isJoin: false, epochMs: 1_700_000_000_000 + from / 10 })
    }
    second(0)
    output.onDiscontinuity()
    second(3200)
    follow()
    // By number, they start on the grid of target durations; else with what is in them.
    const EXPECTED = { timeline: [0, 3200], number: [0, 3000] } as const
    for (const template of ['timeline', 'number'] as const) {
      const text = manifest('live/a', [{ prefix: '', index }], { template }) ?? ''
      const { periods } = readMpd(text)
      assert.match(text, new RegExp(`presentationTimeOffset="${(EXPECTED[template][1] ?? 0) * 90}"`))
      assert.deepEqual(
        periods.map(({ startMs }) => startMs),
        EXPECTED[template],
      )
    }
    assert.deepEqual(problemsOf(index), [])
  })

  it('start the presentation at its first period, also where the stream is older than its segments', () => {
    const { output, index, follow } = startOutput()
    output.onTracks([VIDEO])
    for (let atMs = 60_000; atMs < 64_000; atMs += 40)
      output.onFrame(videoFrame(atMs, atMs % 1000 === 0), { isJoin: false, epochMs: 1_700_000_000_000 + atMs })
    follow()
    const listed = readMpd(manifest('live/a', [{ prefix: '', index }], { template: 'timeline' }) ?? '')
    assert.equal(listed.availabilityStartMs, 1_700_000_060_000)
    assert.deepEqual(
      listed.periods.map(({ startMs }) => startMs),
      [0],
    )
    assert.deepEqual(problemsOf(index), [])
  })

  it('start with the first of their tracks: nothing lies before its period', () => {
    const { output, index, follow } = startOutput()
    output.onTracks([VIDEO, AUDIO])
    for (const fromMs of [1000, 9000]) {
      let audioAt = (fromMs - 70) * 48
      for (let atMs = fromMs; atMs < fromMs + 3000; atMs += 40) {
        const context = { isJoin: false, epochMs: 1_700_000_000_000 + atMs }
        output.onFrame(videoFrame(atMs, atMs % 1000 === 0), context)
        for (; audioAt / 48 < atMs; audioAt += 1024) output.onFrame(audioFrame(audioAt), context)
      }
      output.onDiscontinuity()
      follow()
    }
    const text = manifest('live/a', [{ prefix: '', index }], { template: 'timeline' }) ?? ''
    const { periods } = readMpd(text)
    assert.deepEqual(
      periods.map(({ startMs }) => startMs),
      [0, 8000],
    )
    for (const { representations } of periods)
      for (const { id, segments, presentationTimeOffsetTicks } of representations)
        assert.ok((segments[0]?.startTicks ?? 0) >= presentationTimeOffsetTicks, id)
    assert.deepEqual(problemsOf(index), [])
  })

  it('have every time of their source in a rung that began later, and an answer to each', () => {
    const [source, rung] = [startOutput(), startOutput()]
    for (const { output } of [source, rung]) output.onTracks([VIDEO])
    for (let atMs = 0; atMs < 8000; atMs += 40) {
      const frame = videoFrame(atMs, atMs % 1000 === 0)
      const context = { isJoin: false, epochMs: 1_700_000_000_000 + atMs }
      source.output.onFrame(frame, context)
      if (atMs >= 5000) rung.output.onFrame(frame, context)
    }
    for (const { follow } of [source, rung]) follow()
    const ladder = [
      { prefix: '', index: source.index },
      { prefix: '240p/', index: rung.index },
    ] as const
    const text = manifest('live/a', ladder, { template: 'timeline' }) ?? ''
    assert.deepEqual(checkMpd(text), [])
    const [own, other] = readMpd(text).periods[0]?.representations ?? []
    assert.deepEqual(
      other?.segments.map(({ startTicks }) => startTicks),
      own?.segments.map(({ startTicks }) => startTicks),
    )
    const named = (other?.segments ?? []).map(({ uri }) => {
      const resource = parseSegmentedResource(uri.replace('240p/', ''))
      const found = resource?.kind === 'timed' ? nowNamed(rung.index, resource) : undefined
      return typeof found === 'object' && found.kind === 'segment' ? found.sequence : found
    })
    assert.deepEqual(named, ['early', 'early', 'early', 6, 7])
  })

  it('go on in time where pictures that are shown late are the first behind a cut without a keyframe', () => {
    const { output, index, follow } = startOutput()
    output.onTracks([VIDEO])
    const isKey = (at: number) => at === 0 || at === 26
    // P B P B …, decoded 80 ms before the first of them is shown.
    for (let at = 0; at < 200; at++) {
      const shownAt = at % 2 === 1 ? at + 1 : at - 1
      const frame = videoFrame(at * 40, isKey(at), (isKey(at) ? at : shownAt) * 40 + 80)
      output.onFrame(frame, { isJoin: false, epochMs: at * 40 })
    }
    follow()
    const { segments = [] } = index.tracks.get(1) ?? {}
    assert.ok(segments.some(({ isIndependent }) => !isIndependent))
    for (const [at, { startTicks }] of segments.entries()) {
      const before = segments[at - 1]
      if (before) assert.equal(startTicks, before.startTicks + before.durationTicks, `segment ${at}`)
    }
    assert.deepEqual(problemsOf(index), [])
  })

  it('tell no mean bit rate above the peak where the first and the last segment are short and large', () => {
    const { output, index, follow } = startOutput()
    output.onTracks([VIDEO])
    for (let atMs = 700; atMs < 2300; atMs += 50) {
      const data = new Uint8Array(atMs >= 1000 && atMs < 2000 ? 10 : 1000)
      const isKey = atMs === 700 || atMs % 1000 === 0
      output.onFrame({ ...videoFrame(atMs, isKey), data }, { isJoin: false, epochMs: atMs })
    }
    output.onEnd()
    follow()
    const [, peak, mean] =
      /BANDWIDTH=(\d+),AVERAGE-BANDWIDTH=(\d+)/.exec(multivariantPlaylist([{ prefix: '', index }])) ?? []
    assert.ok(Number(peak) >= Number(mean), `${peak} and ${mean}`)
  })

  it('offer no parts where the frames do not allow for regular ones', () => {
    const { output, index, follow } = startOutput()
    output.onTracks([VIDEO])
    for (let atMs = 0; atMs < 5000; atMs += 200)
      output.onFrame(videoFrame(atMs, atMs % 1000 === 0), { isJoin: false, epochMs: atMs })
    follow()
    const track = index.tracks.get(1)
    assert.ok(track)
    assert.doesNotMatch(mediaPlaylist(index, track, 'whole'), /EXT-X-PART/)
    assert.deepEqual(problemsOf(index), [])
  })

  it('are the same for a reader that comes later', () => {
    const { output, index, follow } = startOutput()
    output.onTracks([VIDEO])
    for (let atMs = 0; atMs < 5400; atMs += 40)
      output.onFrame(videoFrame(atMs, atMs % 1000 === 0), { isJoin: false, epochMs: atMs })
    follow()
    const later = CmafIndex.fromSnapshot(output.snapshot())
    for (const id of [1]) {
      const [one, other] = [index, later].map((each) => {
        const track = each.tracks.get(id)
        return track && mediaPlaylist(each, track, 'whole')
      })
      assert.equal(other, one)
    }
    assert.equal(
      manifest('live/a', [{ prefix: '', index: later }], NUMBER),
      manifest('live/a', [{ prefix: '', index }], NUMBER),
    )
  })
})
