import assert from 'node:assert/strict'
import { test } from 'node:test'
import type { Catalog, SegmentFact, TrackFact } from '../catalog.ts'

const TRACKS: readonly TrackFact[] = [
  {
    trackId: 1,
    kind: 'video',
    codec: 'h264',
    codecString: 'avc1.42c00c',
    clockRateHz: 90_000,
    widthPx: 320,
    heightPx: 180,
  },
  {
    trackId: 2,
    kind: 'audio',
    codec: 'aac',
    codecString: 'mp4a.40.2',
    clockRateHz: 48_000,
    sampleRateHz: 48_000,
    channelCount: 2,
  },
]

function segment(sequence: number, over: Partial<SegmentFact> = {}): SegmentFact {
  return {
    recordingId: 'r1',
    trackId: 1,
    sequence,
    initId: 0,
    key: `r1/t1-${sequence}`,
    startTicks: sequence * 180_000,
    durationTicks: 180_000,
    discontinuity: false,
    byteLength: 1000,
    epochMs: 1_000_000 + sequence * 2000,
    keyframes: [{ ticks: sequence * 180_000, offsetBytes: 100, sizeBytes: 50 }],
    ...over,
  }
}

/** What every Catalog must do. `open` gives an empty one. */
export function catalogContract(name: string, open: () => Promise<Catalog>): void {
  const withCatalog = (what: string, work: (catalog: Catalog) => Promise<void>) =>
    test(`${name}: ${what}`, async () => {
      await using catalog = await open()
      await work(catalog)
    })

  withCatalog('a recording comes back with its tracks, inits and segments in order', async (catalog) => {
    await catalog.recordingStarted({ id: 'r1', stream: 'live/a', startedMs: 1_000_000 })
    await catalog.setTracks('r1', TRACKS)
    await catalog.initStored({ recordingId: 'r1', trackId: 1, initId: 0, key: 'r1/init' })
    const last = segment(2, { targetSeconds: 3 })
    for (const each of [last, segment(0), segment(1)]) await catalog.segmentStored(each)
    const detail = await catalog.recording('r1')
    assert.deepEqual(detail?.tracks, TRACKS)
    assert.deepEqual(detail?.inits, [{ recordingId: 'r1', trackId: 1, initId: 0, key: 'r1/init' }])
    assert.deepEqual(detail?.segments, [segment(0), segment(1), last])
    assert.equal(detail?.endedMs, undefined)
  })

  withCatalog('the list sums up, newest first, by stream and by state', async (catalog) => {
    await catalog.recordingStarted({ id: 'r1', stream: 'live/a', startedMs: 1 })
    await catalog.setTracks('r1', TRACKS)
    await catalog.segmentStored(segment(0))
    await catalog.segmentStored(segment(0, { trackId: 2, durationTicks: 96_000, key: 'r1/t2-0' }))
    await catalog.recordingStarted({ id: 'r2', stream: 'live/b', startedMs: 2 })
    await catalog.recordingEnded('r1', 3)
    assert.deepEqual(
      (await catalog.recordings()).map(({ id }) => id),
      ['r2', 'r1'],
    )
    assert.deepEqual(
      (await catalog.recordings({ isOpen: true })).map(({ id }) => id),
      ['r2'],
    )
    const [first] = await catalog.recordings({ stream: 'live/a' })
    assert.deepEqual([first?.durationSeconds, first?.byteLength, first?.endedMs], [2, 2000, 3])
  })

  withCatalog('a track that has changed is known as it was, and lasts as long as its segments', async (catalog) => {
    const [, audio] = TRACKS
    assert.ok(audio)
    const changed = { ...audio, clockRateHz: 44_100, sampleRateHz: 44_100 }
    await catalog.recordingStarted({ id: 'r1', stream: 'live/a', startedMs: 1 })
    await catalog.setTracks('r1', [changed])
    await catalog.initStored({ recordingId: 'r1', trackId: 2, initId: 0, key: 'r1/init0', track: audio })
    await catalog.initStored({ recordingId: 'r1', trackId: 2, initId: 1, key: 'r1/init1', track: changed })
    await catalog.segmentStored(segment(0, { trackId: 2, durationTicks: 48_000 }))
    await catalog.segmentStored(segment(1, { trackId: 2, durationTicks: 44_100, initId: 1 }))
    assert.deepEqual(
      (await catalog.recording('r1'))?.inits.map(({ track }) => track),
      [audio, changed],
    )
    const [summary] = await catalog.recordings()
    assert.deepEqual([summary?.durationSeconds, summary?.byteLength], [2, 2000])
  })

  withCatalog('the recordings of a stream and a time, oldest first', async (catalog) => {
    const times = { r1: [10, 20], r2: [30, undefined], r3: [0, 5] } as const
    for (const [id, [startedMs, endedMs]] of Object.entries(times)) {
      await catalog.recordingStarted({ id, stream: 'live/a', startedMs })
      if (endedMs !== undefined) await catalog.recordingEnded(id, endedMs)
    }
    await catalog.recordingStarted({ id: 'other', stream: 'live/b', startedMs: 1 })
    const between = async (fromMs: number, toMs: number) =>
      (await catalog.recordingsBetween('live/a', fromMs, toMs)).map(({ id }) => id)
    assert.deepEqual(await between(0, 100), ['r3', 'r1', 'r2'])
    assert.deepEqual(await between(5, 30), ['r1'])
    assert.deepEqual(await between(20, Number.MAX_SAFE_INTEGER), ['r2'])
  })

  withCatalog('an import is known as one; a recording that is removed leaves nothing behind', async (catalog) => {
    await catalog.recordingStarted({ id: 'r1', stream: 'assets/a', startedMs: 1, isImport: true })
    await catalog.recordingStarted({ id: 'r2', stream: 'live/a', startedMs: 2 })
    for (const recordingId of ['r1', 'r2']) {
      await catalog.initStored({ recordingId, trackId: 1, initId: 0, key: `${recordingId}/init` })
      await catalog.segmentStored(segment(0, { recordingId }))
    }
    assert.deepEqual(
      (await catalog.recordings()).map(({ id, isImport }) => [id, isImport]),
      [
        ['r2', undefined],
        ['r1', true],
      ],
    )
    await catalog.recordingRemoved('r1')
    assert.equal(await catalog.recording('r1'), undefined)
    await catalog.recordingStarted({ id: 'r1', stream: 'assets/b', startedMs: 3 })
    const { inits, segments, isImport } = (await catalog.recording('r1')) ?? {}
    assert.deepEqual([inits, segments, isImport], [[], [], undefined])
    assert.equal((await catalog.recording('r2'))?.segments.length, 1)
  })

  withCatalog('a fact that is told twice is kept once', async (catalog) => {
    await catalog.recordingStarted({ id: 'r1', stream: 'live/a', startedMs: 1 })
    await catalog.segmentStored(segment(0))
    await catalog.segmentStored(segment(0))
    assert.equal((await catalog.recording('r1'))?.segments.length, 1)
  })

  withCatalog('sessions and settings', async (catalog) => {
    const session = {
      id: 's1',
      stream: 'live/a',
      protocol: 'rtmp',
      remoteAddress: '::1',
      agent: undefined,
      startedMs: 5,
    }
    await catalog.sessionStarted(session)
    await catalog.sessionEnded('s1', 9, 'publisher finished')
    assert.equal(await catalog.setting('x'), undefined)
    await catalog.setSetting('x', '1')
    await catalog.setSetting('x', '2')
    assert.equal(await catalog.setting('x'), '2')
    assert.equal(await catalog.recording('none'), undefined)
  })
}
