import assert from 'node:assert/strict'
import type { Frame, Track } from '../../../model/index.ts'
import type { FfmpegReading } from './ffmpeg.ts'

/** A packet or frame brought down to what must be equal. */
type Essence = { pts: number; dts: number; duration: number; isKey: boolean; data: string }

/** Asserts that FFmpeg found exactly these frames, in time, duration and bytes, and complained of nothing. */
export function assertSamePackets(
  reading: FfmpegReading,
  tracks: readonly Track[],
  frames: readonly Frame[],
  shiftSeconds = 0,
): void {
  assert.equal(reading.stderr, '')
  assert.equal(reading.streams.length, tracks.length)
  tracks.forEach((track, stream) => {
    const base = reading.streams[stream]?.timeBase
    assert.deepEqual(base, { num: 1, den: track.clockRateHz })
    const shift = Math.round(shiftSeconds * track.clockRateHz)
    // FFmpeg reads no durations of VP8 and VP9 out of fragments, not even out of its own.
    const isTold = !reading.packets.some((packet) => packet.stream === stream && packet.duration === 0)
    const expected = frames
      .filter((frame) => frame.trackId === track.id)
      .map((frame): Essence => {
        const { ptsTicks, dtsTicks, durationTicks, isKey, data } = frame
        const duration = /^vp[89]$/.test(track.codec) && !isTold ? 0 : durationTicks
        return { pts: ptsTicks + shift, dts: dtsTicks + shift, duration, isKey, data: digest(data) }
      })
    const found = reading.packets
      .filter((packet) => packet.stream === stream)
      .map(({ pts, dts, duration, isKey, data }): Essence => ({ pts, dts, duration, isKey, data: digest(data) }))
    assert.deepEqual(found, expected, `track ${track.id}, ${track.codec}`)
  })
}

/** Length and FNV-1a of the bytes: short in a failure message. */
function digest(bytes: Uint8Array): string {
  let hash = 0x811c9dc5
  for (const byte of bytes) hash = Math.imul(hash ^ byte, 0x01000193)
  return `${bytes.length}:${(hash >>> 0).toString(16)}`
}
