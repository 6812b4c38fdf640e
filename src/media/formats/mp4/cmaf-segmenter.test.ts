import assert from 'node:assert/strict'
import { describe, it } from 'node:test'
import fc from 'fast-check'
import { type Frame, type Track, ticks } from '../../model/index.ts'
import { readBoxes, readerOf } from './box.ts'
import { CmafSegmenter } from './cmaf-segmenter.ts'
import { readMoof } from './read-fragment.ts'
import { collectSegments, SegmentCollector } from './testing/collect-segments.ts'
import { TRACK_OF } from './testing/tracks.ts'

const VIDEO = TRACK_OF.h264
const AUDIO = TRACK_OF.opus
const TRACKS = [VIDEO, AUDIO]
const TARGET = { targetDurationMs: 2000 }

type Span = { readonly from: number; readonly to: number }

/** 25 frames a second with a key frame every `gop` frames. */
function video({ from, to }: Span, gop = 25): Frame[] {
  return Array.from({ length: Math.round((to - from) * 25) }, (_, index) => {
    const at = ticks(Math.round(from * 90_000) + index * 3600)
    const times = { ptsTicks: at, dtsTicks: at, durationTicks: ticks(0) }
    return { trackId: VIDEO.id, ...times, isKey: index % gop === 0, data: Uint8Array.of(1, index) }
  })
}

/** Opus packets of 20 ms. */
function audio({ from, to }: Span): Frame[] {
  return Array.from({ length: Math.round((to - from) * 50) }, (_, index) => {
    const at = ticks(Math.round(from * 48_000) + index * 960)
    const times = { ptsTicks: at, dtsTicks: at, durationTicks: ticks(0) }
    return { trackId: AUDIO.id, ...times, isKey: true, data: Uint8Array.of(0x08 | (19 << 3), index) }
  })
}

function seconds(frame: Frame): number {
  return frame.dtsTicks / (frame.trackId === VIDEO.id ? 90_000 : 48_000)
}

/** In the order of decode times, audio reaching the segmenter `audioLeadSeconds` before its time. */
function interleaved(frames: readonly Frame[], audioLeadSeconds = 0): Frame[] {
  const arrival = (frame: Frame) => seconds(frame) - (frame.trackId === AUDIO.id ? audioLeadSeconds : 0)
  return frames.toSorted((a, b) => arrival(a) - arrival(b))
}

/** [sequence, start and duration in seconds] of every segment of a track. */
function spans(collected: SegmentCollector, track: Track): [number, number, number][] {
  return collected.of(track.id).map(({ segment: { sequence, startTicks, durationTicks } }) => {
    const toSeconds = (value: number) => Math.round((value / track.clockRateHz) * 1000) / 1000
    return [sequence, toSeconds(startTicks), toSeconds(durationTicks)]
  })
}

describe('CmafSegmenter', () => {
  it('cuts video at the first key frame of each cell of the grid, and audio at the same times', () => {
    const span = { from: 1, to: 7.4 }
    for (const lead of [-0.7, -0.1, 0, 0.1, 0.7]) {
      const collected = collectSegments(TRACKS, interleaved([...video(span), ...audio(span)], lead), TARGET)
      const expected = [
        [1, 1, 1],
        [2, 2, 2],
        [3, 4, 2],
        [4, 6, 1.4],
      ]
      assert.deepEqual(spans(collected, VIDEO), expected, `video, audio ${lead} s ahead`)
      assert.deepEqual(spans(collected, AUDIO), expected, `audio ${lead} s ahead`)
    }
  })

  it('cuts audio alone at the target', () => {
    const collected = collectSegments([AUDIO], audio({ from: 0, to: 5 }), TARGET)
    assert.deepEqual(spans(collected, AUDIO), [
      [1, 0, 2],
      [2, 2, 2],
      [3, 4, 1],
    ])
  })

  it('cuts audio alone where other tracks are cut that it goes with', () => {
    const span = { from: 0.3, to: 8.3 }
    const source = new CmafSegmenter(new SegmentCollector(), TARGET)
    const collector = new SegmentCollector()
    const boundaryOf = (fromMs: number, toMs: number) => source.hasBoundary(fromMs, toMs)
    const alone = new CmafSegmenter(collector, { ...TARGET, boundaryOf })
    source.setTracks(TRACKS)
    alone.setTracks([AUDIO])
    assert.equal(source.hasBoundary(0, 10_000), undefined)
    for (const frame of interleaved([...video(span), ...audio(span)])) {
      source.frame({ ...frame, data: frame.data.slice() })
      if (frame.trackId === AUDIO.id) alone.frame({ ...frame, data: frame.data.slice() })
    }
    alone.flush()
    const starts = spans(collector, AUDIO).map(([sequence, start]) => [sequence, start])
    assert.deepEqual(starts, [
      [1, 0.3],
      [2, 2.3],
      [3, 4.3],
      [4, 6.3],
    ])
  })

  it('cuts streams alike that were opened at different times', () => {
    for (const gop of [10, 24, 25, 37, 50, 60]) {
      const all = video({ from: 0, to: 20 }, gop)
      const early = spans(collectSegments([VIDEO], all, TARGET), VIDEO)
      const late = spans(collectSegments([VIDEO], all.slice(151), TARGET), VIDEO)
      assert.ok(late.length > 4)
      // A key frame interval that divides no cell has numbers of its own; the times agree always.
      const startsOf = (list: typeof early) =>
        list.slice(1).map(([sequence, start]) => (gop <= 50 ? [sequence, start] : start))
      assert.deepEqual(startsOf(late), startsOf(early).slice(-(late.length - 1)), `key frames every ${gop} frames`)
    }
  })

  it('keeps to the target duration of the first segment, with a cut in mid-GOP where it must', () => {
    const frames = video({ from: 0, to: 20 }, 1000).map((frame, index) => ({
      ...frame,
      isKey: index % 25 === 0 && index < 200,
    }))
    const { segments } = collectSegments([VIDEO], frames, TARGET)
    for (const { segment } of segments) {
      assert.equal(segment.targetSeconds, 2)
      assert.ok(segment.durationTicks < 2.5 * 90_000, `${segment.durationTicks}`)
    }
    assert.deepEqual(
      segments.map(({ segment }) => segment.isIndependent),
      segments.map(({ segment }) => segment.startTicks < 200 * 3600),
    )
  })

  it('lets the segment and its chunks go on while no key frame comes', () => {
    const collected = collectSegments([VIDEO], video({ from: 0, to: 9 }, 200), TARGET)
    assert.deepEqual(spans(collected, VIDEO), [
      [1, 0, 8],
      [2, 8, 1],
    ])
    assert.equal(collected.of(VIDEO.id)[0]?.segment.targetSeconds, 8)
    assert.equal(collected.chunks.filter(({ chunk }) => chunk.sequence === 1).length, 25)
  })

  it('makes chunks no longer than the part target, one after the other', () => {
    const span = { from: 0, to: 6 }
    const options = { ...TARGET, partTargetMs: 300 }
    const collected = collectSegments(TRACKS, interleaved([...video(span), ...audio(span)]), options)
    for (const track of TRACKS) {
      const chunks = collected.chunks.filter((each) => each.trackId === track.id).map((each) => each.chunk)
      let next = 0
      for (const chunk of chunks) {
        assert.equal(chunk.startTicks, next)
        assert.ok(chunk.durationTicks <= 0.3 * track.clockRateHz)
        next = chunk.startTicks + chunk.durationTicks
      }
      assert.equal(next, 6 * track.clockRateHz)
    }
    const independent = collected.chunks.filter((each) => each.trackId === VIDEO.id && each.chunk.isIndependent)
    assert.deepEqual(
      independent.map(({ chunk }) => chunk.index),
      [0, 0, 0],
    )
  })

  it('says where the key frames of a segment lie', () => {
    const { segments } = collectSegments([VIDEO], video({ from: 0, to: 4 }), TARGET)
    for (const { segment, bytes } of segments) {
      assert.equal(segment.byteLength, bytes.length)
      assert.equal(segment.keyframes.length, 2)
      for (const keyframe of segment.keyframes) {
        const at = Buffer.from(bytes).subarray(keyframe.offsetBytes, keyframe.offsetBytes + keyframe.sizeBytes)
        assert.equal(at[1], (keyframe.ticks / 3600) & 0xff)
        assert.equal(
          Buffer.from(bytes).toString('latin1', keyframe.chunkOffsetBytes + 4, keyframe.chunkOffsetBytes + 8),
          'moof',
        )
      }
    }
  })

  it('drops what comes before the first key frame', () => {
    const collected = collectSegments([VIDEO], video({ from: 0, to: 4 }).slice(5), TARGET)
    assert.deepEqual(spans(collected, VIDEO)[0], [1, 1, 1])
  })

  it('marks a discontinuity in all tracks where the publisher came back', () => {
    const collector = new SegmentCollector()
    const segmenter = new CmafSegmenter(collector, TARGET)
    segmenter.setTracks(TRACKS)
    for (const span of [
      { from: 100, to: 103 },
      { from: 0, to: 3 },
    ]) {
      segmenter.discontinuity()
      for (const frame of interleaved([...video(span), ...audio(span)])) segmenter.frame(frame)
    }
    segmenter.flush()
    for (const track of TRACKS) {
      assert.deepEqual(
        collector.of(track.id).map(({ segment }) => [segment.sequence, segment.discontinuity]),
        [
          [51, false],
          [52, false],
          [53, true],
          [54, false],
        ],
      )
    }
    assert.equal(collector.inits.length, 2, 'the configurations are the same')
  })

  it('starts a new init and a discontinuity where a configuration changes', () => {
    const collector = new SegmentCollector()
    const segmenter = new CmafSegmenter(collector, TARGET)
    const feed = (span: Span) => {
      for (const frame of interleaved([...video(span), ...audio(span)])) segmenter.frame(frame)
    }
    segmenter.setTracks(TRACKS)
    feed({ from: 0, to: 3 })
    segmenter.setTracks([{ ...VIDEO, config: Uint8Array.of(...VIDEO.config, 0) }, AUDIO])
    feed({ from: 3, to: 6 })
    segmenter.flush()
    const facts = (track: Track) =>
      collector.of(track.id).map(({ segment }) => [segment.sequence, segment.initId, segment.discontinuity])
    assert.deepEqual(facts(VIDEO), [
      [1, 0, false],
      [2, 0, false],
      [3, 2, true],
      [4, 2, false],
    ])
    assert.deepEqual(facts(AUDIO), [
      [1, 1, false],
      [2, 1, false],
      [3, 1, true],
      [4, 1, false],
    ])
  })

  it('starts once anew where a publisher comes back with another configuration', () => {
    const collector = new SegmentCollector()
    const segmenter = new CmafSegmenter(collector, TARGET)
    const feed = (span: Span) => {
      for (const frame of interleaved([...video(span), ...audio(span)])) segmenter.frame(frame)
    }
    segmenter.setTracks(TRACKS)
    feed({ from: 0, to: 4 })
    segmenter.discontinuity()
    segmenter.setTracks([
      { ...VIDEO, config: Uint8Array.of(...VIDEO.config, 0) },
      { ...AUDIO, config: Uint8Array.of(...AUDIO.config, 0) },
    ])
    feed({ from: 6, to: 10 })
    segmenter.flush()
    for (const track of TRACKS)
      assert.deepEqual(
        collector.of(track.id).map(({ segment }) => [segment.sequence, segment.discontinuity]),
        [
          [1, false],
          [2, false],
          [3, true],
          [4, false],
        ],
        `track ${track.id}`,
      )
  })

  it('has no overlaps where those of its source overlap', () => {
    // A file that is sent over and over: its sound is a little longer than its pictures.
    const loops = [0, 1, 2, 3].flatMap((loop) => {
      const from = 2 * loop
      return audio({ from, to: from + 2.02 })
    })
    const late = loops.map((frame, at) => {
      const dtsTicks = ticks(frame.dtsTicks - 300 * Math.floor(at / 101))
      return { ...frame, dtsTicks, ptsTicks: dtsTicks }
    })
    const collected = collectSegments(TRACKS, interleaved([...video({ from: 0, to: 8 }), ...late]), TARGET)
    const segments = collected.of(AUDIO.id).map(({ segment }) => segment)
    assert.ok(segments.length > 2)
    for (const [at, { startTicks }] of segments.slice(1).entries()) {
      const before = segments[at]
      assert.ok(before && startTicks >= before.startTicks + before.durationTicks, `segment ${at + 1}`)
    }
  })

  it('bridges short holes of the sound, and no long ones', () => {
    const holed = audio({ from: 0, to: 6 }).filter(
      (_, at) => ![20, 21, 100, 101].includes(at) && (at < 150 || at > 190),
    )
    const collected = collectSegments(TRACKS, interleaved([...video({ from: 0, to: 6 }), ...holed]), TARGET)
    const ends = collected.chunks
      .filter(({ trackId }) => trackId === AUDIO.id)
      .map(({ chunk: { sequence, startTicks, durationTicks } }) => [sequence, startTicks, startTicks + durationTicks])
    const holes = ends.slice(1).flatMap(([sequence, startTicks = 0], at) => {
      const endTicks = ends[at]?.[2] ?? 0
      return startTicks === endTicks ? [] : [[sequence, (startTicks - endTicks) / 48]]
    })
    assert.deepEqual(holes, [[2, 820]])
  })

  it('ends a removed track, and marks the next segment of the others', () => {
    const collector = new SegmentCollector()
    const segmenter = new CmafSegmenter(collector, TARGET)
    segmenter.setTracks(TRACKS)
    for (const frame of interleaved([...video({ from: 0, to: 3 }), ...audio({ from: 0, to: 3 })]))
      segmenter.frame(frame)
    segmenter.setTracks([VIDEO])
    assert.equal(spans(collector, AUDIO).at(-1)?.[0], 2)
    for (const frame of video({ from: 3, to: 4 })) segmenter.frame(frame)
    segmenter.flush()
    assert.deepEqual(
      collector.of(VIDEO.id).map(({ segment }) => [segment.sequence, segment.discontinuity]),
      [
        [1, false],
        [2, false],
        [3, true],
      ],
    )
  })

  it('goes on with audio while video is silent, and takes video in again', () => {
    const frames = [...video({ from: 0, to: 2 }), ...video({ from: 12, to: 16 }), ...audio({ from: 0, to: 16 })]
    const collected = collectSegments(TRACKS, interleaved(frames), TARGET)
    const longest = Math.max(...spans(collected, AUDIO).map(([, , duration]) => duration))
    assert.ok(longest <= 4, `an audio segment of ${longest} s`)
    const audioStarts = new Map(spans(collected, AUDIO).map(([sequence, start]) => [sequence, start]))
    for (const [sequence, start] of spans(collected, VIDEO).slice(1)) assert.equal(audioStarts.get(sequence), start)
  })

  it('does not keep the segment of a silent audio track open', () => {
    const collector = new SegmentCollector()
    const segmenter = new CmafSegmenter(collector, TARGET)
    segmenter.setTracks(TRACKS)
    const frames = interleaved([...video({ from: 0, to: 10 }), ...audio({ from: 0, to: 1 })])
    for (const frame of frames) segmenter.frame(frame)
    assert.deepEqual(spans(collector, AUDIO), [[1, 0, 1]])
  })

  it('loses, doubles and reorders nothing, however the frames come', () => {
    const gap = fc.record({ gop: fc.integer({ min: 1, max: 90 }), lead: fc.double({ min: -3, max: 3, noNaN: true }) })
    fc.assert(
      fc.property(gap, fc.integer({ min: 200, max: 4000 }), ({ gop, lead }, targetDurationMs) => {
        const span = { from: 2, to: 9 }
        const frames = interleaved([...video(span, gop), ...audio(span)], lead)
        const collected = collectSegments(TRACKS, frames, { targetDurationMs, partTargetMs: 250 })
        for (const track of TRACKS) {
          const own = frames.filter((frame) => frame.trackId === track.id)
          const segments = collected.of(track.id)
          const sequences = segments.map(({ segment }) => segment.sequence)
          assert.deepEqual(
            sequences,
            [...new Set(sequences)].toSorted((a, b) => a - b),
          )
          assert.deepEqual(
            segments.flatMap(({ bytes }) => decodeTimes(bytes)),
            own.map((frame) => frame.dtsTicks),
          )
          for (const { segment } of segments) {
            const seconds = segment.durationTicks / track.clockRateHz
            assert.ok(
              Math.round(seconds) <= segment.targetSeconds,
              `${track.kind} ${seconds} of ${segment.targetSeconds}`,
            )
          }
        }
      }),
      { numRuns: 60 },
    )
  })
})

function decodeTimes(segment: Uint8Array): number[] {
  const times: number[] = []
  for (const { type, body } of readBoxes(readerOf(segment))) {
    if (type !== 'moof') continue
    for (const { baseDecodeTimeTicks, runs } of readMoof(body, new Map())) {
      let at = baseDecodeTimeTicks ?? 0
      for (const sample of runs.flatMap((run) => run.samples)) {
        times.push(at)
        at += sample.durationTicks
      }
    }
  }
  return times
}
