import assert from 'node:assert/strict'
import { describe, it } from 'node:test'
import { TsMuxer } from '../../../media/formats/mpegts/index.ts'
import { interleaved } from '../../../media/formats/mpegts/testing/samples.ts'
import type { Frame, Track } from '../../../media/model/index.ts'
import { FrameLogWriter, LogWriter, openLocalLog, Publication, SegmentPool } from '../../stream/index.ts'
import { PushSession } from './push-session.ts'

const { tracks, frames } = interleaved(50)
const [VIDEO, AUDIO] = tracks as [Track, Track]
const SECOND: Track = { ...AUDIO, id: 3 } as Track
/** Behind the sound of the first language, as an encoder writes it. */
const inSecond = (frame: Frame): Frame => ({ ...frame, trackId: 3 })

/** Pushed frame by frame; returns what readers could see, in bytes, after each. */
function pushed(listed: readonly Track[], sent: readonly Frame[]): number[] {
  const pool = new SegmentPool({ segmentBytes: 65_536, maxSegments: 100 })
  const writer = new FrameLogWriter(new LogWriter(pool, { maxBytes: 4_000_000 }), () => 0)
  const { reader } = openLocalLog(writer.log, 1, () => {})
  const session = new PushSession(new Publication('live/a', 'session', writer, () => {}), 'ts', {
    maxMessageBytes: 1_000_000,
    maxTracks: 16,
  })
  const muxer = new TsMuxer()
  muxer.setTracks(listed)
  const seen = sent.map((frame) => {
    for (const bytes of muxer.frame(frame)) session.receive(bytes.slice())
    return reader.head
  })
  session.finish()
  return [...seen, reader.head]
}
const secondsOf = ({ trackId, dtsTicks }: Frame) => dtsTicks / (trackId === 1 ? 90_000 : 48_000)

describe('a push of MPEG-TS', () => {
  it('is seen from its first frames on, once every listed track has shown itself', () => {
    const late = frames.flatMap((frame, at) => (frame.trackId === 2 && at > 12 ? [frame, inSecond(frame)] : [frame]))
    const seen = pushed([VIDEO, AUDIO, SECOND], late)
    const firstSecond = late.findIndex(({ trackId }) => trackId === 3)
    const firstSeen = seen.findIndex((bytes) => bytes > 0)
    assert.ok(firstSeen >= firstSecond && firstSeen < firstSecond + 20, `seen at ${firstSeen}, there at ${firstSecond}`)
  })

  it('waits half a second for a track that is listed and does not come', () => {
    const seen = pushed([VIDEO, AUDIO, SECOND], frames)
    const firstSeen = frames[seen.findIndex((bytes) => bytes > 0)]
    const seconds = secondsOf(firstSeen as Frame) - secondsOf(frames[0] as Frame)
    assert.ok(seconds >= 0.5 && seconds < 0.8, `${seconds} s`)
  })

  it('that ends before its tracks are there is whole', () => {
    const seen = pushed([VIDEO, AUDIO, SECOND], frames.slice(0, 10))
    assert.equal(seen.at(-2), 0)
    assert.ok((seen.at(-1) ?? 0) > 10 * 40)
  })
})
