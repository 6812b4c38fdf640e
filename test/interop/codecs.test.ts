import assert from 'node:assert/strict'
import { mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { after, before, describe, test } from 'node:test'
import { FlvDemuxer } from '../../src/media/formats/flv/index.ts'
import { Fmp4Muxer } from '../../src/media/formats/mp4/index.ts'
import { type Frame, type Track, ticks, type VideoCodecId } from '../../src/media/model/index.ts'
import type { AudioOrder, RungOrder, VideoOrder } from '../../src/pipeline/transcode/channel/job-messages.ts'
import { CodecProcess } from '../../src/pipeline/transcode/index.ts'
import { makeLogger } from '../../src/platform/telemetry/index.ts'
import { skipWithoutFfmpeg } from '../support/requirements.ts'
import { Av, skipWithoutNodeAv } from './support/av.ts'
import { run } from './support/command.ts'
import { type Material, materialKey, runLadder } from './support/ladder-run.ts'

const VIDEO = ['h264', 'h265', 'vp8', 'vp9', 'av1'] as const satisfies readonly VideoCodecId[]
const AUDIO = ['aac', 'opus', 'mp3'] as const
type AudioTarget = (typeof AUDIO)[number]

const SECONDS = 1
const WIDTH = 320
const HEIGHT = 180
/**
 * By what is made, of whatever codec: luma of the test picture at 900 kbit/s against what went in, and of a second
 * generation against the first. Lower than what is reached by 1 to 2 dB, for VP8 by 3: its encoder is faster, and worse,
 * on a busy machine. docs/transcoding.md states these.
 */
const LEAST_PSNR_DB = { h264: 42, h265: 43, vp8: 40, vp9: 37, av1: 35 } as const satisfies Record<VideoCodecId, number>
const KBPS = 900
/** Encoders put up to so much silence in front, and fill up their last packet. */
const AUDIO_SLACK_SECONDS = 0.08

const videoOrder = (codec: VideoCodecId): VideoOrder => ({
  codec,
  widthPx: WIDTH,
  heightPx: HEIGHT,
  bitrateKbps: KBPS,
  gopMs: 0,
  bFrames: 0,
  ...(codec === 'h264' || codec === 'h265' ? { preset: 'ultrafast' } : {}),
})
const audioOrder = (codec: AudioTarget): AudioOrder => ({ codec, bitrateKbps: 96 })

/** Every codec once: rung n has the n-th video codec and, as far as there are, the n-th audio codec. */
const RUNGS: readonly RungOrder[] = VIDEO.map((codec, slot) => {
  const audio = AUDIO[slot]
  return { slot, video: videoOrder(codec), ...(audio ? { audio: audioOrder(audio) } : {}) }
})

describe('the codec module', { skip: skipWithoutNodeAv() || skipWithoutFfmpeg() }, () => {
  const folder = mkdtempSync(join(tmpdir(), 'millrace-codecs-'))
  const codec = new CodecProcess({ log: makeLogger(() => {}), purpose: 'test' })
  let source: readonly Material[]
  let made: ReadonlyMap<string, Material>
  let sourcePicture: Buffer

  before(async () => {
    source = await makeSource(folder)
    made = await runLadder(codec, source, RUNGS)
    sourcePicture = await decoded(folder, source)
  })
  after(async () => {
    await codec[Symbol.asyncDispose]()
    rmSync(folder, { recursive: true })
  })

  const video = (id: VideoCodecId) => found(made, VIDEO.indexOf(id), 'video')
  const audio = (id: AudioTarget) => found(made, AUDIO.indexOf(id), 'audio')

  for (const videoId of VIDEO) {
    test(`encodes ${videoId}: every frame at its time, keyframes where the source has them, close to the source`, async () => {
      const { frames } = video(videoId)
      const [from] = source
      assert.deepEqual(times(frames), times(from?.frames ?? []))
      assert.deepEqual(
        times(frames.filter(({ isKey }) => isKey)),
        times((from?.frames ?? []).filter(({ isKey }) => isKey)),
      )
      const psnr = psnrDb(await decoded(folder, [video(videoId)]), sourcePicture)
      assert.ok(psnr > LEAST_PSNR_DB[videoId], `${psnr.toFixed(1)} dB`)
    })

    for (const audioId of AUDIO) {
      test(`${videoId} with ${audioId} is played by FFmpeg: codecs, size, rate, duration`, async () => {
        const file = join(folder, `${videoId}-${audioId}.mp4`)
        writeFileSync(file, muxed([video(videoId), audio(audioId)]))
        const probed = await probe(file)
        const [picture, sound] = probed
        assert.deepEqual(
          [picture?.codec, picture?.width, picture?.height, sound?.codec],
          [FFMPEG_NAMES[videoId], WIDTH, HEIGHT, FFMPEG_NAMES[audioId]],
        )
        assert.equal(picture?.frames, 25 * SECONDS)
        assert.ok(Math.abs((sound?.seconds ?? 0) - SECONDS) < AUDIO_SLACK_SECONDS, `${sound?.seconds} s`)
      })
    }

    test(`decodes ${videoId} for every other`, async () => {
      const sources = [video(videoId), audio('opus')].map(renumbered)
      const again = await runLadder(
        codec,
        sources,
        RUNGS.map((rung) => ({ ...rung, slot: rung.slot + 10 })),
      )
      const first = await decoded(folder, [video(videoId)])
      for (const [at, target] of VIDEO.entries()) {
        const result = found(again, at + 10, 'video')
        assert.deepEqual(times(result.frames), times(video(videoId).frames), target)
        const psnr = psnrDb(await decoded(folder, [result]), first)
        assert.ok(psnr > LEAST_PSNR_DB[target], `${target}: ${psnr.toFixed(1)} dB`)
      }
    })
  }

  test('sound stays where it was, whichever encoder it goes through', async () => {
    const beeps = await onsets(folder, source.slice(1))
    assert.ok(beeps.length >= 2, 'the material has beeps')
    for (const id of AUDIO) {
      const heard = await onsets(folder, [audio(id)])
      assert.equal(heard.length, beeps.length, id)
      for (const [at, onset] of heard.entries()) {
        assert.ok(Math.abs(onset - (beeps[at] ?? 0)) < 0.01, `${id}: ${onset} s instead of ${beeps[at]} s`)
      }
    }
  })

  test('image and text of a profile are on the picture, in their corners and nowhere else', async () => {
    const image = join(folder, 'white.png')
    const { code, stderr } = await run('ffmpeg', [
      '-v',
      'error',
      '-f',
      'lavfi',
      '-i',
      'color=white:s=64x64',
      '-frames:v',
      '1',
      image,
    ])
    assert.equal(code, 0, stderr)
    const overlay = { image, text: 'A: 100% {time}', corner: 'top-left' as const }
    const rung = { slot: 31, video: { ...videoOrder('h264'), ...overlay } }
    const results = await runLadder(codec, source, [rung])
    const picture = await decoded(folder, [found(results, 31, 'video')])
    const plain = await decoded(folder, [video('h264')])
    assert.ok(luma(picture, { x: WIDTH - 5 - 64, y: HEIGHT - 5 - 64, side: 60 }) > 230, 'the image is white')
    const difference = (x: number, y: number) =>
      Math.abs(luma(picture, { x, y, side: 10 }) - luma(plain, { x, y, side: 10 }))
    assert.ok(difference(6, 6) > 8, 'the text is there')
    for (const [x, y] of [
      [WIDTH - 20, 5],
      [5, HEIGHT - 20],
      [WIDTH / 2, HEIGHT / 2],
    ] as const)
      assert.ok(difference(x, y) < 8, `${x}, ${y} is as it was`)
  })

  test('a watched stream tells of silence, black and frozen pictures, and how loud it is', async () => {
    const flv = join(folder, 'dark.flv')
    const picture = 'color=black:s=160x90:r=25:d=4[a];testsrc2=s=160x90:r=25:d=2[b];[a][b]concat'
    const sound = 'aevalsrc=if(lt(t\\,4)\\,0\\,sin(2*PI*440*t)/4):s=48000:d=6'
    const inputs = ['-f', 'lavfi', '-i', picture, '-f', 'lavfi', '-i', sound]
    const { code, stderr } = await run('ffmpeg', [
      '-v',
      'error',
      ...inputs,
      '-c:v',
      'libx264',
      '-pix_fmt',
      'yuv420p',
      '-preset',
      'ultrafast',
      '-c:a',
      'aac',
      flv,
    ])
    assert.equal(code, 0, stderr)
    const told: string[] = []
    const loudness: number[] = []
    await runLadder(codec, readFlv(flv), [{ slot: 32, isWatch: true }], {
      onWatched: ({ what, isOn }) => told.push(`${what} ${isOn ? 'began' : 'ended'}`),
      onProgress: ({ momentaryLufs }) => momentaryLufs !== undefined && loudness.push(momentaryLufs),
    })
    const expected = ['black', 'freeze', 'silence'].flatMap((what) => [`${what} began`, `${what} ended`])
    assert.deepEqual([...new Set(told)].sort(), expected.sort())
    assert.ok(Math.abs((loudness.at(-1) ?? 0) + 15) < 4, `${loudness.at(-1)} LUFS at the end`)
  })
})

const FFMPEG_NAMES = {
  h264: 'h264',
  h265: 'hevc',
  vp8: 'vp8',
  vp9: 'vp9',
  av1: 'av1',
  aac: 'aac',
  opus: 'opus',
  mp3: 'mp3',
} as const

/** A test picture, and a tone that sets in every half second: H.264 and AAC by FFmpeg. */
async function makeSource(folder: string): Promise<Material[]> {
  await using av = new Av()
  const path = join(folder, 'source.mp4')
  const tracks = [
    { encoder: 'libx264', options: { preset: 'ultrafast', g: '10', bf: '2', crf: '12' } },
    { encoder: 'aac', sampleRateHz: 48_000, beeps: true },
  ]
  await av.call('make', { path, tracks, seconds: SECONDS })
  const flv = join(folder, 'source.flv')
  await av.call('remux', { from: path, to: flv, format: 'flv' })
  return readFlv(flv)
}
function readFlv(flv: string): Material[] {
  const materials = new Map<number, { track: Track; frames: Frame[] }>()
  const demuxer = new FlvDemuxer({
    onTrack: (track) => materials.set(track.id, { track, frames: [] }),
    onFrame: (frame) => materials.get(frame.trackId)?.frames.push({ ...frame, data: frame.data.slice() }),
  })
  demuxer.push(readFileSync(flv))
  demuxer.flush()
  return [...materials.values()].sort((a, b) => a.track.id - b.track.id)
}

function found(materials: ReadonlyMap<string, Material>, slot: number, kind: Track['kind']): Material {
  return materials.get(materialKey(slot, kind)) ?? assert.fail(`no ${kind} in slot ${slot}`)
}
/** Ids 1 and 2, as a source has them. */
function renumbered({ track, frames }: Material): Material {
  const id = track.kind === 'video' ? 1 : 2
  return { track: { ...track, id }, frames: frames.map((frame) => ({ ...frame, trackId: id })) }
}
function times(frames: readonly Frame[]): number[] {
  return frames.map(({ ptsTicks }) => ptsTicks).sort((a, b) => a - b)
}

function muxed(materials: readonly Material[]): Buffer {
  const muxer = new Fmp4Muxer()
  muxer.setTracks(materials.map(({ track }) => track))
  const seconds = ({ track }: Material, frame: Frame) => frame.dtsTicks / track.clockRateHz
  const frames = materials.flatMap((material) =>
    material.frames.map((frame, at) => ({ at: seconds(material, frame), frame: timed(material, frame, at) })),
  )
  const parts = frames
    .sort((a, b) => a.at - b.at)
    .flatMap(({ frame }) => muxer.frame(frame).map((part) => part.slice()))
  return Buffer.concat([muxer.preamble(), ...parts])
}
/** Video durations are the distances to the next frame, as a live output has them. */
function timed({ track, frames }: Material, frame: Frame, at: number): Frame {
  if (track.kind === 'audio') return frame
  const next = frames[at + 1]
  return { ...frame, durationTicks: ticks(next ? next.dtsTicks - frame.dtsTicks : 3600) }
}

type Probed = {
  readonly codec: string
  readonly width?: number
  readonly height?: number
  readonly frames: number
  readonly seconds: number
}

async function probe(file: string): Promise<Probed[]> {
  const fields = 'stream=codec_name,width,height,nb_read_frames,duration:frame=pkt_pts_time'
  const { stdout, stderr } = await run('ffprobe', [
    '-v',
    'error',
    '-count_frames',
    '-show_entries',
    fields,
    '-of',
    'json',
    file,
  ])
  assert.equal(stderr, '')
  const { streams } = JSON.parse(stdout) as {
    streams: { codec_name: string; width?: number; height?: number; nb_read_frames: string; duration?: string }[]
  }
  return streams.map(({ codec_name, width, height, nb_read_frames, duration }) => ({
    codec: codec_name,
    ...(width === undefined ? {} : { width }),
    ...(height === undefined ? {} : { height }),
    frames: Number(nb_read_frames),
    seconds: Number(duration ?? 0),
  }))
}

let fileCount = 0
/** The luma of every frame as FFmpeg's command decodes it. */
async function decoded(folder: string, materials: readonly Material[]): Promise<Buffer> {
  const file = join(folder, `decode-${fileCount++}.mp4`)
  writeFileSync(file, muxed(materials))
  const raw = `${file}.gray`
  const quiet = ['-hide_banner', '-loglevel', 'error', '-nostdin', '-y']
  const { code, stderr } = await run('ffmpeg', [
    ...quiet,
    '-i',
    file,
    '-map',
    '0:v',
    '-fps_mode',
    'passthrough',
    '-pix_fmt',
    'gray',
    '-f',
    'rawvideo',
    raw,
  ])
  assert.equal(code, 0, stderr)
  return readFileSync(raw)
}
function psnrDb(a: Buffer, b: Buffer): number {
  assert.equal(a.length, b.length, 'as many pictures of the same size')
  let sum = 0
  for (let i = 0; i < a.length; i++) sum += ((a[i] ?? 0) - (b[i] ?? 0)) ** 2
  return 10 * Math.log10((255 * 255 * a.length) / sum)
}

/** Mean of a square of the first frame. */
function luma(
  frames: Buffer,
  { x, y, side }: { readonly x: number; readonly y: number; readonly side: number },
): number {
  let sum = 0
  for (let row = y; row < y + side; row++) for (let at = x; at < x + side; at++) sum += frames[row * WIDTH + at] ?? 0
  return sum / side / side
}

/** When a tone sets in, in seconds of the track's own time. */
async function onsets(folder: string, materials: readonly Material[]): Promise<number[]> {
  const file = join(folder, `onsets-${fileCount++}.mp4`)
  writeFileSync(file, muxed(materials))
  const raw = `${file}.s16`
  const quiet = ['-hide_banner', '-loglevel', 'error', '-nostdin', '-y']
  const { code, stderr } = await run('ffmpeg', [...quiet, '-i', file, '-ac', '1', '-ar', '48000', '-f', 's16le', raw])
  assert.equal(code, 0, stderr)
  const [material] = materials
  const startSeconds = (material?.frames[0]?.ptsTicks ?? 0) / (material?.track.clockRateHz ?? 1)
  const bytes = readFileSync(raw)
  const found: number[] = []
  let quietSince = 0
  for (let at = 0; at + 1 < bytes.length; at += 2) {
    const sample = at / 2
    if (Math.abs(bytes.readInt16LE(at)) < 2000) continue
    if (sample - quietSince > 4800) found.push(startSeconds + sample / 48_000)
    quietSince = sample
  }
  return found
}
