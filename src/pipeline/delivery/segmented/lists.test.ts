import assert from 'node:assert/strict'
import { describe, it } from 'node:test'
import fc from 'fast-check'
import { checkMpd } from '../../../media/formats/dash/testing/check-mpd.ts'
import { readMpd } from '../../../media/formats/dash/testing/read-mpd.ts'
import { parseMediaPlaylist } from '../../../media/formats/hls/index.ts'
import { checkPlaylist } from '../../../media/formats/hls/testing/check-playlist.ts'
import { type Frame, type Ticks, type Track, ticks } from '../../../media/model/index.ts'
import { CmafIndex, CmafOutput, decodeCmafRecord } from '../../packaging/index.ts'
import { LogWriter, openLocalLog, plannedRungs, SegmentPool } from '../../stream/index.ts'
import { manifest } from './dash/manifest.ts'
import { findMedia, nowNamed } from './find-media.ts'
import { iFramePlaylist } from './hls/i-frames.ts'
import { mediaPlaylist } from './hls/media.ts'
import { multivariantPlaylist } from './hls/multivariant.ts'
import { imageVariants } from './live-tiles.ts'
import { parseSegmentedResource } from './segment-address.ts'
import { tsMultivariantPlaylist, tsPlaylist } from './ts/ts-playlist.ts'

const VIDEO: Track = {
  id: 1,
  kind: 'video',
  codec: 'h264',
  clockRateHz: 90_000,
  config: Buffer.from('0142c00cffe100196742c00cd901419f9f011000000300100000030320f142a48001000568cb83cb20', 'hex'),
  codecString: 'avc1.42c00c',
  widthPx: 320,
  heightPx: 180,
}
const AUDIO: Track = {
  id: 2,
  kind: 'audio',
  codec: 'aac',
  clockRateHz: 48_000,
  config: Uint8Array.of(0x11, 0x90),
  codecString: 'mp4a.40.2',
  sampleRateHz: 48_000,
  channelCount: 2,
}
const TILES = { columns: 2, rows: 1, intervalMs: 1000, widthPx: 160 }
const NUMBER = { template: 'number' } as const
const OPTIONS = { segmentMs: 1000, partTargetMs: 334, windowSegments: 5, timeShiftMs: 0, tileMs: 2000 }

const PLANNED = plannedRungs({ streams: { '**': { ladder: ['240p', 'audio'] } }, profiles: {} }, 'live/a', [
  { ...VIDEO, widthPx: 1280, heightPx: 720 },
  AUDIO,
]).map((rung) => ({ prefix: `${rung.rung}/`, rung }))

type Step = { readonly ms: number; readonly isKey: boolean; readonly isLost: boolean; readonly turns: boolean }

/** A packager with a reader's index behind it, as another worker has it. */
function startOutput() {
  const pool = new SegmentPool({ segmentBytes: 65_536, maxSegments: 200 })
  const writer = new LogWriter(pool, { maxBytes: 10_000_000 })
  const output = new CmafOutput(writer, { ...OPTIONS, life: 'life' })
  const { reader } = openLocalLog(writer, 0, () => {})
  const index = CmafIndex.fromSnapshot(output.snapshot())
  let position = reader.startPosition
  const follow = () => {
    for (let placed = decodeCmafRecord(reader, position, reader.head); placed; ) {
      const { payloadFrom, next } = placed
      index.apply(placed, () => new Uint8Array(reader.contiguous(payloadFrom, next)))
      position = next
      placed = decodeCmafRecord(reader, position, reader.head)
    }
  }
  return { output, index, follow }
}

function videoFrame(atMs: number, isKey: boolean): Frame {
  const at = ticks(Math.round(atMs * 90))
  return { trackId: 1, ptsTicks: at, dtsTicks: at, durationTicks: ticks(0), isKey, data: Uint8Array.of(1, 2, 3) }
}
function audioFrame(at: number): Frame {
  const durationTicks = ticks(1024)
  return {
    trackId: 2,
    ptsTicks: at as Ticks,
    dtsTicks: at as Ticks,
    durationTicks,
    isKey: true,
    data: Uint8Array.of(1),
  }
}

function problemsOf(index: CmafIndex): string[] {
  if (index.tracks.size === 0 || [...index.tracks.values()].some(({ segments }) => segments.length === 0)) return []
  const ladder = [{ prefix: '', index }] as const
  const mpds = (['timeline', 'number'] as const).flatMap((template) =>
    [[], PLANNED].flatMap((planned) =>
      checkMpd(manifest('live/a', ladder, { template, planned, tiles: TILES, trickMode: true }) ?? ''),
    ),
  )
  const media = [...index.tracks.values()].flatMap((track) =>
    (['whole', 'delta'] as const).flatMap((form) => checkPlaylist(mediaPlaylist(index, track, form))),
  )
  const iFrames = [...index.tracks.values()].map((track) => iFramePlaylist(index, track))
  const lists = [
    multivariantPlaylist(ladder, { images: imageVariants(TILES, 'live/a', ladder[0].index) }),
    multivariantPlaylist(ladder, { planned: PLANNED }),
    ...iFrames,
  ]
  const ts = [tsPlaylist(index) ?? '', tsMultivariantPlaylist(ladder, PLANNED)]
  return [...[...lists, ...ts].flatMap((text) => checkPlaylist(text)), ...media, ...mpds]
}

describe('the lists of a stream', () => {
  const STEP = fc.record({
    ms: fc.constantFrom(20, 33.33, 40, 40, 40, 40, 100, 700),
    isKey: fc.integer({ min: 0, max: 30 }).map((n) => n === 0),
    isLost: fc.integer({ min: 0, max: 40 }).map((n) => n === 0),
    // Audio comes and goes.
    turns: fc.integer({ min: 0, max: 50 }).map((n) => n === 0),
  })

  // The second: gaps that start some ticks behind the segment that follows them.
  const RUNS = [
    { numRuns: 20, endOnFailure: true },
    { numRuns: 1, seed: 1990446050, path: '112' },
  ] as const
  for (const parameters of RUNS)
    it(`keep to every rule at every moment, whatever the frames (${JSON.stringify(parameters)})`, () => {
      fc.assert(
        fc.property(fc.array(STEP, { minLength: 60, maxLength: 160 }), (steps: readonly Step[]) => {
          const { output, index, follow } = startOutput()
          output.onTracks([VIDEO, AUDIO])
          let atMs = 0
          let audioAt = 0
          let version = -1
          let targetSeconds = 0
          let isSilent = false
          steps.forEach(({ ms, isKey, isLost, turns }, at) => {
            isSilent = turns !== isSilent
            const context = { isJoin: false, epochMs: 1_700_000_000_000 + atMs }
            if (!isLost) output.onFrame(videoFrame(atMs, isKey || at % 50 === 0), context)
            atMs += ms
            for (; audioAt / 48 < atMs; audioAt += 1024) if (!isSilent) output.onFrame(audioFrame(audioAt), context)
            follow()
            if (index.version === version) return
            version = index.version
            assert.deepEqual(problemsOf(index), [])
            assert.ok(targetSeconds === 0 || index.targetSeconds === targetSeconds, 'the target duration has changed')
            targetSeconds = index.targetSeconds
          })
          output.onEnd()
          follow()
          assert.deepEqual(problemsOf(index), [])
        }),
        parameters,
      )
    })

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
