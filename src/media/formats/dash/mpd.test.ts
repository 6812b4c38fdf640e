import assert from 'node:assert/strict'
import { describe, it } from 'node:test'
import fc from 'fast-check'
import { formatMpd } from './format-mpd.ts'
import type { Mpd, MpdAdaptationSet, MpdTimelineEntry } from './mpd.ts'
import { checkMpd } from './testing/check-mpd.ts'
import { readMpd } from './testing/read-mpd.ts'

const VIDEO: MpdAdaptationSet = {
  id: 1,
  contentType: 'video',
  isMain: true,
  startWithSap: 1,
  representations: [
    {
      id: 't1',
      bandwidthBps: 4_000_000.4,
      codecs: 'avc1.640028',
      widthPx: 1920,
      heightPx: 1080,
      frameRate: 29.97,
      template: {
        timescaleHz: 90_000,
        initialization: 't1-init0.m4s',
        media: 't1-$Number$.m4s',
        startNumber: 7,
        presentationTimeOffsetTicks: 180_000,
        segments: {
          kind: 'timeline',
          entries: [
            { startTicks: 180_000, durationTicks: 180_000 },
            { startTicks: 360_000, durationTicks: 180_000 },
            { startTicks: 540_000, durationTicks: 90_000 },
            { startTicks: 900_000, durationTicks: 90_000 },
          ],
        },
      },
    },
  ],
}
const RECORDED: Mpd = {
  type: 'static',
  minBufferTimeMs: 2000,
  mediaPresentationDurationMs: 9000,
  periods: [{ id: 'p<1>', startMs: 0, adaptationSets: [VIDEO] }],
}
const RECORDED_TEXT = `<?xml version="1.0" encoding="UTF-8"?>
<MPD xmlns="urn:mpeg:dash:schema:mpd:2011" profiles="urn:mpeg:dash:profile:isoff-live:2011,urn:mpeg:dash:profile:cmaf:2019" type="static" minBufferTime="PT2S" mediaPresentationDuration="PT9S">
  <Period id="p&lt;1&gt;" start="PT0S">
    <AdaptationSet id="1" contentType="video" mimeType="video/mp4" segmentAlignment="true" startWithSAP="1" maxWidth="1920" maxHeight="1080">
      <Role schemeIdUri="urn:mpeg:dash:role:2011" value="main"/>
      <Representation id="t1" bandwidth="4000001" codecs="avc1.640028" width="1920" height="1080" frameRate="30000/1001">
        <SegmentTemplate timescale="90000" initialization="t1-init0.m4s" media="t1-$Number$.m4s" startNumber="7" presentationTimeOffset="180000">
          <SegmentTimeline>
            <S t="180000" d="180000" r="1"/>
            <S d="90000"/>
            <S t="900000" d="90000"/>
          </SegmentTimeline>
        </SegmentTemplate>
      </Representation>
    </AdaptationSet>
  </Period>
</MPD>
`

/** A valid MPD of these segments, as a player reads it. */
function writtenAndRead(entries: readonly MpdTimelineEntry[]) {
  const [video] = VIDEO.representations
  assert.ok(video)
  const template = { ...video.template, segments: { kind: 'timeline' as const, entries } }
  const set = { ...VIDEO, representations: [{ ...video, template }] }
  const text = formatMpd({ ...RECORDED, periods: [{ id: 'p', startMs: 0, adaptationSets: [set] }] })
  assert.deepEqual(checkMpd(text), [])
  return readMpd(text).periods[0]?.representations[0]?.segments ?? []
}

describe('an MPD', () => {
  it('of a recording is written, and valid', () => {
    assert.equal(formatMpd(RECORDED), RECORDED_TEXT)
    assert.deepEqual(checkMpd(RECORDED_TEXT), [])
  })

  it('has no room for segments that overlap', () => {
    const entries = [0, 90_000, 179_000].map((startTicks) => ({ startTicks, durationTicks: 90_000 }))
    const read = writtenAndRead(entries)
    assert.deepEqual(
      read.map(({ startTicks, durationTicks }) => [startTicks, durationTicks]),
      [
        [0, 90_000],
        [90_000, 89_000],
        [179_000, 90_000],
      ],
    )
  })

  it('reads back with every segment, whatever the times', () => {
    const step = fc.record({ gap: fc.constantFrom(0, 0, 0, 7), durationTicks: fc.constantFrom(90_000, 90_000, 45_000) })
    fc.assert(
      fc.property(fc.array(step, { minLength: 1, maxLength: 30 }), (steps) => {
        let at = 0
        const entries = steps.map(({ gap, durationTicks }) => {
          const startTicks = at + gap
          at = startTicks + durationTicks
          return { startTicks, durationTicks }
        })
        const read = writtenAndRead(entries)
        assert.deepEqual(
          read.map(({ startTicks, durationTicks }) => ({ startTicks, durationTicks })),
          entries,
        )
        assert.deepEqual(
          read.map(({ number }) => number),
          entries.map((_, index) => 7 + index),
        )
      }),
    )
  })
})

describe('checkMpd', () => {
  const BROKEN: readonly (readonly [rule: string, from: string | RegExp, to: string])[] = [
    ['well-formed', '</Period>', ''],
    ['required-attributes', ' minBufferTime="PT2S"', ''],
    ['element-order', '<Role schemeIdUri="urn:mpeg:dash:role:2011" value="main"/>', '<Odd/>'],
    ['has-period', /<Period[\s\S]*<\/Period>/, '<UTCTiming schemeIdUri="x" value="y"/>'],
    ['durations', 'PT9S', '9 s'],
    ['static-attributes', ' mediaPresentationDuration="PT9S"', ''],
    ['dynamic-attributes', 'type="static"', 'type="dynamic"'],
    ['utc-timing', 'type="static"', 'type="dynamic"'],
    ['bandwidth', '4000001', '0'],
    ['codecs', 'avc1.640028', 'a b'],
    ['template', '$Number$', '1'],
    ['one-addressing', /<SegmentTimeline>[\s\S]*<\/SegmentTimeline>/, '<SegmentTimeline/>'],
    ['timeline-grows', 't="900000"', 't="500000"'],
    ['segment-durations', '<S d="90000"/>', '<S d="0"/>'],
    ['longest-segment', 'minBufferTime="PT2S"', 'minBufferTime="PT2S" maxSegmentDuration="PT1S"'],
  ]
  for (const [rule, from, to] of BROKEN) {
    it(`finds ${rule}`, () => {
      assert.match(checkMpd(RECORDED_TEXT.replace(from, to)).join('\n'), new RegExp(`^${rule} \\(`, 'm'))
    })
  }
})
