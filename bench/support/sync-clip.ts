import { writeFileSync } from 'node:fs'
import { FlvMuxer } from '../../src/media/formats/flv/index.ts'
import type { Frame, Ticks, Track } from '../../src/media/model/index.ts'
import { type Clip, type ClipOrder, makeClip, readClip, runProgram } from './clips.ts'

/** Seconds, by the stamps of pictures and samples. */
export type FlashesAndBeeps = { readonly flashes: readonly number[]; readonly beeps: readonly number[] }

/** 256 pictures at 25 a second and 441 frames of AAC at 44.1 kHz: both end together, so it can be played over and over. */
export const LOOP_SECONDS = 10.24
const LOOP_PICTURES = 256
const LOOP_AAC_FRAMES = 441
/** The middle one of three: what is before and after it is the same. */
const FIRST_SECONDS = LOOP_SECONDS

const ORDER: ClipOrder = {
  // A white picture for 120 ms every 1.28 s, and a tone with it.
  picture: "testsrc2=s=320x180:r=25:d=31,eq=brightness=-0.35,drawbox=c=white:t=fill:enable='lt(mod(n,32),3)'",
  sound: 'aevalsrc=if(lt(mod(n\\,56448)\\,5292)\\,sin(2*PI*1000*n/44100)/2\\,0):s=44100:d=31',
  seconds: 31,
  keyframeEvery: 64,
  kbps: 400,
}

/** Flashes and beeps that can be repeated without an end: times from 0 on. */
export async function syncClip(path: string): Promise<Clip> {
  await makeClip(path, ORDER)
  const { tracks, frames } = readClip(path)
  const video = tracks.find(({ kind }) => kind === 'video')
  const start = frames.find(({ trackId }) => trackId === video?.id)?.ptsTicks ?? 0
  const fromSeconds = FIRST_SECONDS + start / (video?.clockRateHz ?? 1)
  const looped = tracks.flatMap((track) => middle(track, frames, fromSeconds))
  return { tracks, frames: looped.sort(byTime(tracks)) }
}

function middle(track: Track, all: readonly Frame[], fromSeconds: number): Frame[] {
  const frames = all.filter(({ trackId }) => trackId === track.id)
  const from = Math.round(fromSeconds * track.clockRateHz)
  const isVideo = track.kind === 'video'
  const count = isVideo ? LOOP_PICTURES : LOOP_AAC_FRAMES
  // FLV's milliseconds are half a millisecond away from a sample at most.
  const first = frames.findIndex(
    ({ ptsTicks, isKey }) => isKey && Math.abs(ptsTicks - from) <= track.clockRateHz / (isVideo ? 1000 : 80),
  )
  if (first < 0 || frames.length < first + count) throw new Error('the clip has no middle')
  const step = isVideo ? track.clockRateHz / 25 : 1024
  return frames.slice(first, first + count).map((frame, at) => {
    // By count, so that the times are exact and go on over the end.
    const shift = Math.round((frame.ptsTicks - frame.dtsTicks) / step) * step
    const dtsTicks = at * step - (isVideo ? leadTicks(frames[first]) : 0)
    return { ...frame, dtsTicks: dtsTicks as Ticks, ptsTicks: (dtsTicks + shift) as Ticks }
  })
}
function leadTicks(first: Frame | undefined): number {
  return Math.round(((first?.ptsTicks ?? 0) - (first?.dtsTicks ?? 0)) / 3600) * 3600
}
function byTime(tracks: readonly Track[]) {
  const seconds = ({ trackId, dtsTicks }: Frame) =>
    dtsTicks / (tracks.find(({ id }) => id === trackId)?.clockRateHz ?? 1)
  return (a: Frame, b: Frame) => seconds(a) - seconds(b)
}

/** The frames of repetition `round`, the first at 1 s. */
export function* loopFrames({ tracks, frames }: Clip, round: number): Generator<Frame> {
  const clocks = new Map(tracks.map(({ id, clockRateHz }) => [id, clockRateHz]))
  for (const frame of frames) {
    const shift = Math.round((1 + round * LOOP_SECONDS) * (clocks.get(frame.trackId) ?? 1))
    yield { ...frame, dtsTicks: (frame.dtsTicks + shift) as Ticks, ptsTicks: (frame.ptsTicks + shift) as Ticks }
  }
}

/** How much later each tone sets in than its white picture, in seconds; the times of the frames start with `fromSeconds`. */
export async function soundAfterPicture(path: string, tracks: readonly Track[], frames: readonly Frame[]) {
  const muxer = new FlvMuxer()
  muxer.setTracks(tracks)
  writeFileSync(path, Buffer.concat([muxer.preamble(), ...frames.map((frame) => Buffer.concat(muxer.frame(frame)))]))
  const { flashes, beeps } = await runProgram<FlashesAndBeeps>('flash-and-beep', [path])
  return flashes.flatMap((flash) => {
    const nearest = beeps.reduce((best, beep) => (Math.abs(beep - flash) < Math.abs(best - flash) ? beep : best), 1e9)
    return Math.abs(nearest - flash) < 0.5 ? [nearest - flash] : []
  })
}
