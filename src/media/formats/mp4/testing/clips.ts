import { audioTrack, videoTrack } from '../../../codecs/index.ts'
import { type Frame, rescaleTicks, type Track, ticks } from '../../../model/index.ts'
import { clipPath, type FfmpegReading, type FfmpegStream, NO_FFMPEG, readWithFfmpeg } from './ffmpeg.ts'

/** Frames of a real file in canonical form, in the order of their decode times. */
export type Clip = { readonly tracks: readonly Track[]; readonly frames: readonly Frame[] }

const SHIFT_SECONDS = 1

/** A reason to skip, or false. */
export function clipMissing(name: string): string | false {
  return NO_FFMPEG || (clipPath(name) === undefined ? `../shared/media/${name} is not there` : false)
}

/** H.264, H.265 and AAC out of MP4; all times one second later, so that no decode time is below zero. */
export function loadClip(name: string): Clip {
  return toClip(readWithFfmpeg(clipPath(name) ?? name))
}

function toClip(reading: FfmpegReading): Clip {
  const tracks = reading.streams.map((stream, index) => toTrack(stream, index + 1))
  return { tracks, frames: framesOf(reading, tracks) }
}

/** The packets as frames of `tracks`, one for each stream. */
export function framesOf({ streams, packets }: FfmpegReading, tracks: readonly Track[]): Frame[] {
  const frames = packets.flatMap((packet) => {
    const track = tracks[packet.stream]
    const base = streams[packet.stream]?.timeBase
    if (track === undefined || base === undefined || packet.data.length === 0) return []
    const toTicks = (value: number) => rescaleTicks(value * base.num, base.den, track.clockRateHz)
    const shift = SHIFT_SECONDS * track.clockRateHz
    const frame: Frame = {
      trackId: track.id,
      ptsTicks: ticks(toTicks(packet.pts) + shift),
      dtsTicks: ticks(toTicks(packet.dts) + shift),
      durationTicks: toTicks(packet.duration),
      isKey: packet.isKey,
      data: new Uint8Array(packet.data),
    }
    return [frame]
  })
  return byDecodeTime(withSteps(frames), tracks)
}

/** Durations as steps between decode times, which the change of clock rounds differently. */
function withSteps(frames: readonly Frame[]): Frame[] {
  return frames.map((frame, index) => {
    const next = frames.slice(index + 1).find((other) => other.trackId === frame.trackId)
    if (next !== undefined) return { ...frame, durationTicks: ticks(next.dtsTicks - frame.dtsTicks) }
    const before = frames.slice(0, index).findLast((other) => other.trackId === frame.trackId)
    return { ...frame, durationTicks: frame.durationTicks || ticks(frame.dtsTicks - (before?.dtsTicks ?? 0)) }
  })
}

function byDecodeTime(frames: readonly Frame[], tracks: readonly Track[]): Frame[] {
  const clocks = new Map(tracks.map((track) => [track.id, track.clockRateHz]))
  const seconds = (frame: Frame) => frame.dtsTicks / (clocks.get(frame.trackId) ?? 1)
  return frames.toSorted((a, b) => seconds(a) - seconds(b))
}

function toTrack(stream: FfmpegStream, id: number): Track {
  if (stream.codec === 'h264') return videoTrack(id, 'h264', stream.extradata)
  if (stream.codec === 'hevc') return videoTrack(id, 'h265', stream.extradata)
  if (stream.codec === 'aac') return audioTrack(id, 'aac', stream.extradata)
  throw new Error(`no canonical form for ${stream.codec} here`)
}
