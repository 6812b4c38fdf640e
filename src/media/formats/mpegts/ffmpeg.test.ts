import assert from 'node:assert/strict'
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { test } from 'node:test'
import { readAudioSpecificConfig, writeAdtsHeader } from '../../codecs/aac/index.ts'
import { joinAnnexB, sameBytes, splitAnnexB, splitLengthPrefixed } from '../../codecs/nal/index.ts'
import type { Frame, Track } from '../../model/index.ts'
import { type Collected, demuxed, demuxedInPieces, muxed, summary } from './testing/collect.ts'
import {
  clipPath,
  encode,
  type FfmpegReading,
  md5,
  readClip,
  readWithFfmpeg,
  withoutClip,
  withoutFfmpeg,
  withoutNodeAv,
} from './testing/ffmpeg.ts'

const PICTURE = ['-f', 'lavfi', '-i', 'testsrc2=s=320x180:r=25:d=2']
const TONE = ['-f', 'lavfi', '-i', 'sine=f=440:d=2']

const CASES: { name: string; args: string[]; skipBytes?: boolean }[] = [
  {
    name: 'H.264 with B-frames and AAC',
    args: [...PICTURE, ...TONE, '-pix_fmt', 'yuv420p', '-c:v', 'libx264', '-g', '25', '-bf', '2', '-c:a', 'aac'],
  },
  {
    name: 'H.265 with AC-3',
    args: [
      ...PICTURE,
      ...TONE,
      '-pix_fmt',
      'yuv420p',
      '-c:v',
      'libx265',
      '-x265-params',
      'log-level=none',
      '-preset',
      'ultrafast',
      '-g',
      '25',
      '-c:a',
      'ac3',
    ],
  },
  { name: 'E-AC-3 5.1', args: [...TONE, '-ac', '6', '-c:a', 'eac3'] },
  { name: 'Opus', args: [...TONE, '-c:a', 'libopus'] },
  { name: 'Opus 5.1', args: [...TONE, '-ac', '6', '-c:a', 'libopus'] },
  { name: 'MP3', args: [...TONE, '-c:a', 'libmp3lame'] },
  { name: 'MP3 of MPEG 2', args: [...TONE, '-ar', '22050', '-c:a', 'libmp3lame'] },
  { name: 'AAC in LATM', args: [...TONE, '-c:a', 'aac', '-mpegts_flags', 'latm'], skipBytes: true },
]

function readBytesWithFfmpeg(bytes: Uint8Array): FfmpegReading {
  const folder = mkdtempSync(join(tmpdir(), 'millrace-ts-'))
  try {
    const path = join(folder, 'stream.ts')
    writeFileSync(path, bytes)
    return readWithFfmpeg(path)
  } finally {
    rmSync(folder, { recursive: true })
  }
}

/** FFmpeg counts on from a PES packet's stamp in rounded durations: a few ticks for the frames of one packet. */
const AUDIO_TOLERANCE_TICKS = 24

function assertSameReading(result: Collected, reading: FfmpegReading): void {
  for (const [index, track] of result.tracks.entries()) assertSameTimes(result, reading, track, index)
}

function assertSameTimes(result: Collected, reading: FfmpegReading, track: Track, stream: number): void {
  const mine = result.frames.filter((frame) => frame.trackId === track.id)
  const theirs = reading.packets.filter((packet) => packet.stream === stream)
  assert.equal(mine.length, theirs.length)
  const tolerance = track.kind === 'video' ? 0 : AUDIO_TOLERANCE_TICKS
  mine.forEach((frame, index) => {
    const packet = theirs[index]
    assert.ok(packet)
    const in90k = (time: number) => (time * 90_000) / track.clockRateHz
    assert.ok(Math.abs(in90k(frame.ptsTicks) - packet.pts) <= tolerance, `pts of frame ${index}`)
    assert.ok(Math.abs(in90k(frame.dtsTicks) - packet.dts) <= tolerance, `dts of frame ${index}`)
    if (track.kind === 'video') assert.equal(frame.isKey, packet.isKey)
  })
}

for (const { name, args, skipBytes } of CASES) {
  test(`FFmpeg's ${name} is read like FFmpeg reads it, and written so that it reads the same`, {
    skip: withoutFfmpeg || withoutNodeAv,
  }, () => {
    const bytes = encode('ts', args)
    const result = demuxed(bytes)
    assert.deepEqual(Object.values(result.demuxer.counters), [0, 0, 0, 0, 0, 0])
    const reading = readBytesWithFfmpeg(bytes)
    assertSameReading(result, reading)
    assert.deepEqual(summary(demuxedInPieces(bytes, [1316, 188, 7, 1])), summary(result))
    const again = readBytesWithFfmpeg(muxed(result.tracks, result.frames))
    assert.equal(again.stderr, '')
    assertSameReading(result, again)
    if (skipBytes) return
    const hashes = ({ packets }: FfmpegReading, stream: number) =>
      packets.filter((packet) => packet.stream === stream).map((packet) => packet.md5)
    for (const index of result.tracks.keys()) assert.deepEqual(hashes(again, index), hashes(reading, index))
  })
}

test('the clip whose access units run over PES packets is read whole', {
  skip: withoutClip('h264-60fps-bframes.m2ts') || withoutNodeAv,
}, () => {
  const bytes = readClip('h264-60fps-bframes.m2ts')
  const result = demuxed(bytes)
  const reading = readBytesWithFfmpeg(bytes)
  assertSameReading(result, reading)
  assert.deepEqual(summary(demuxedInPieces(bytes, [1316])), summary(result))
  const again = readBytesWithFfmpeg(muxed(result.tracks, result.frames))
  assertSameReading(result, again)
  // ADTS frames byte for byte; video up to the length of start codes, compared below.
  const adts = (packets: FfmpegReading) =>
    packets.packets.filter(({ stream }) => stream === 1).map((packet) => packet.md5)
  assert.deepEqual(adts(again), adts(reading))
  assertSameSlices(result.frames, demuxed(muxed(result.tracks, result.frames)).frames)
})

function assertSameSlices(before: readonly Frame[], after: readonly Frame[]): void {
  const video = (frames: readonly Frame[]) => frames.filter((frame) => frame.trackId === 1)
  assert.deepEqual(
    video(after).map(({ data }) => md5(data)),
    video(before).map(({ data }) => md5(data)),
  )
  const first = video(before)[0]
  assert.ok(first && splitAnnexB(joinAnnexB(splitLengthPrefixed(first.data))).length > 0)
}

test('AV1 as FFmpeg writes it, private data without a description, is found out', {
  skip: withoutFfmpeg || withoutNodeAv,
}, () => {
  const bytes = encode('ts', [
    ...PICTURE,
    '-pix_fmt',
    'yuv420p',
    '-c:v',
    'libaom-av1',
    '-cpu-used',
    '8',
    '-g',
    '25',
    '-frames:v',
    '10',
  ])
  const result = demuxed(bytes)
  assert.deepEqual(
    result.tracks.map(({ codec }) => codec),
    ['av1'],
  )
  assert.equal(result.frames.length, 10)
  assert.deepEqual(summary(demuxed(muxed(result.tracks, result.frames))), summary(result))
})

test('ADTS frames of the speech clip survive the way through MPEG-TS', {
  skip: withoutClip('speech-44100.aac') || withoutFfmpeg,
}, () => {
  const bytes = readClip('speech-44100.aac')
  const ts = encode('ts', ['-i', clipPath('speech-44100.aac'), '-c', 'copy'])
  const { tracks, frames } = demuxed(ts)
  const config = readAudioSpecificConfig(tracks[0]?.config ?? new Uint8Array(0))
  let at = 0
  for (const frame of frames) {
    const header = new Uint8Array(7)
    writeAdtsHeader(header, 0, config, frame.data.length)
    assert.ok(sameBytes(bytes.subarray(at + 7, at + 7 + frame.data.length), frame.data))
    at += frame.data.length + 7
  }
  assert.equal(at, bytes.length)
})
