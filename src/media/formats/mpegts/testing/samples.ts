import { audioTrack, videoTrack } from '../../../codecs/index.ts'
import { type AudioTrack, type Frame, type Track, ticks, type VideoTrack } from '../../../model/index.ts'

function hex(text: string): Uint8Array {
  return Uint8Array.from(Buffer.from(text.replaceAll(/\s/g, ''), 'hex'))
}

/** x264, High, 320x180, 25 frames a second. */
export const VIDEO: VideoTrack = videoTrack(
  1,
  'h264',
  hex(`0164000cffe1001a6764000cacd941419f9f011000000300100000030320f142996001000468ef8fcbfdf8f800`),
)
export const AAC: AudioTrack = audioTrack(2, 'aac', hex('1190'))
export const OPUS: AudioTrack = audioTrack(2, 'opus', hex('4f70757348656164 01 02 3801 80bb0000 0000 00'))
export const AV1: VideoTrack = videoTrack(1, 'av1', hex('81000c000a0b000000043cfeccfbf90040'))

/** One slice of `length` bytes in a 4-byte length field, with no start code inside. */
export function slice(type: 'idr' | 'other', length: number): Uint8Array {
  const data = new Uint8Array(4 + length).fill(0x5a)
  new DataView(data.buffer).setUint32(0, length)
  data[4] = type === 'idr' ? 0x65 : 0x41
  data[5] = 0x88
  return data
}

export function videoFrame(index: number, length: number, delayTicks = 0): Frame {
  const isKey = index % 10 === 0
  return {
    trackId: 1,
    ptsTicks: ticks(90_000 + index * 3600 + delayTicks),
    dtsTicks: ticks(90_000 + index * 3600),
    durationTicks: ticks(0),
    isKey,
    data: slice(isKey ? 'idr' : 'other', length),
  }
}

/** At the core coder's rate of 48 kHz, from one second on. */
export function aacFrame(index: number, length: number): Frame {
  const time = ticks(48_000 + index * 1024)
  const data = new Uint8Array(length).fill(index + 1)
  return { trackId: 2, ptsTicks: time, dtsTicks: time, durationTicks: ticks(1024), isKey: true, data }
}

export function opusFrame(index: number, length: number): Frame {
  const time = ticks(48_000 + index * 960)
  const data = new Uint8Array(length).fill(index)
  data[0] = 0xf8
  return { trackId: 2, ptsTicks: time, dtsTicks: time, durationTicks: ticks(960), isKey: true, data }
}

/** Video and audio in the order of their times. */
export function interleaved(count: number): { tracks: Track[]; frames: Frame[] } {
  const video = Array.from({ length: count }, (_, i) => videoFrame(i, 20 + ((i * 397) % 900), (i % 3) * 3600))
  const audio = Array.from({ length: count * 2 }, (_, i) => aacFrame(i, 10 + ((i * 73) % 300)))
  const time = (frame: Frame) => frame.dtsTicks / (frame.trackId === 1 ? 90_000 : 48_000)
  return { tracks: [VIDEO, AAC], frames: [...video, ...audio].sort((a, b) => time(a) - time(b)) }
}
