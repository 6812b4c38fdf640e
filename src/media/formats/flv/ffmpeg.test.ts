import assert from 'node:assert/strict'
import { execFileSync, spawnSync } from 'node:child_process'
import { mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { after, before, test } from 'node:test'
import type { Track } from '../../model/index.ts'
import { FlvDemuxer, FlvMuxer } from './index.ts'
import { CollectingSink } from './testing/collect.ts'

const hasFfmpeg = spawnSync('ffmpeg', ['-version']).status === 0
const INPUTS = ['-f', 'lavfi', '-i', 'testsrc=s=160x120:r=25:d=1', '-f', 'lavfi', '-i', 'sine=r=48000:d=1']
const VIDEO = ['-c:v', 'libx264', '-pix_fmt', 'yuv420p', '-bf', '2']
const REMUX = join(import.meta.dirname, 'testing', 'remux.ts')
let folder = ''
before(() => {
  folder = mkdtempSync(join(tmpdir(), 'millrace-flv-'))
})
after(() => rmSync(folder, { recursive: true, force: true }))

function ffmpeg(args: readonly string[]): string {
  return execFileSync('ffmpeg', ['-hide_banner', '-loglevel', 'error', '-y', ...args], { encoding: 'utf8' })
}
function demux(bytes: Uint8Array): CollectingSink {
  const sink = new CollectingSink()
  new FlvDemuxer(sink).push(bytes)
  return sink
}
function remux(sink: CollectingSink): Uint8Array {
  const muxer = new FlvMuxer()
  const tracks = new Map<number, Track>(sink.tracks.map((track) => [track.id, track]))
  muxer.setTracks([...tracks.values()].sort((a, b) => a.id - b.id))
  const parts = sink.frames.flatMap((frame) => muxer.frame(frame).map((part) => part.slice()))
  return Buffer.concat([muxer.preamble(), ...parts])
}
const byId = (sink: CollectingSink): Track[] => [...sink.tracks].sort((a, b) => a.id - b.id)

const CLASSIC = [
  { name: 'AAC', audio: ['-c:a', 'aac'], frames: 25 + 48 },
  { name: 'MP3', audio: ['-c:a', 'libmp3lame'], frames: 25 + 43 },
  { name: 'G.711 A-law', audio: ['-c:a', 'pcm_alaw', '-ar', '8000'], frames: 25 + 48 },
]
for (const { name, audio, frames } of CLASSIC) {
  test(`FFmpeg's H.264 with ${name} is read and FFmpeg decodes what is written`, {
    skip: !hasFfmpeg && 'no ffmpeg',
  }, () => {
    const [source, written] = [join(folder, 'a.flv'), join(folder, 'b.flv')]
    ffmpeg([...INPUTS, ...VIDEO, ...audio, source])
    const sink = demux(readFileSync(source))
    assert.equal(sink.frames.length, frames)
    writeFileSync(written, remux(sink))
    assert.deepEqual(demux(readFileSync(written)), sink)
    const hashes = (file: string): string => ffmpeg(['-i', file, '-map', '0', '-c', 'copy', '-f', 'streamhash', '-'])
    assert.equal(hashes(written), hashes(source))
    assert.equal(ffmpeg(['-xerror', '-i', written, '-f', 'null', '-']), '')
  })
}

const ENHANCED = [
  { name: 'HEVC and Opus', codecs: ['libx265', 'libopus'], expected: 'h265 opus' },
  { name: 'AV1 and E-AC-3', codecs: ['libsvtav1', 'eac3'], expected: 'av1 eac3' },
  { name: 'VP9 and AC-3', codecs: ['libvpx-vp9', 'ac3'], expected: 'vp9 ac3' },
  { name: 'H.264 and FLAC', codecs: ['libx264', 'flac'], expected: 'h264 flac' },
]
/** FFmpeg 8.1 inside node-av writes (and reads) Enhanced FLV; a child process, because it is native code. */
function enhanced(out: string, sources: readonly string[]): boolean {
  return spawnSync(process.execPath, [REMUX, out, ...sources], { timeout: 60_000 }).status === 0
}
function encode(out: string, [video = '', audio = '']: readonly string[]): boolean {
  const quiet = video === 'libx265' ? ['-x265-params', 'log-level=0'] : []
  const args = [...INPUTS, '-c:v', video, ...quiet, '-pix_fmt', 'yuv420p', '-c:a', audio, out]
  return spawnSync('ffmpeg', ['-loglevel', 'error', '-y', ...args]).status === 0
}
for (const { name, codecs, expected } of ENHANCED) {
  test(`enhanced FLV of FFmpeg 8.1 with ${name} is read, and it reads ours`, (t) => {
    const [source, flv] = [join(folder, 's.mkv'), join(folder, 'e.flv')]
    if (!hasFfmpeg || !encode(source, codecs) || !enhanced(flv, [source])) return t.skip('no FFmpeg that can do this')
    const sink = demux(readFileSync(flv))
    assert.equal(
      byId(sink)
        .map((track) => track.codec)
        .join(' '),
      expected,
    )
    assert.ok(sink.frames.length > 30)
    const [ours, again] = [join(folder, 'ours.flv'), join(folder, 'again.flv')]
    writeFileSync(ours, remux(sink))
    assert.ok(enhanced(again, [ours]))
    const back = demux(readFileSync(again))
    assert.deepEqual(
      back.frames.map((frame) => frame.data),
      sink.frames.map((frame) => frame.data),
    )
  })
}

test('multitrack FLV of FFmpeg 8.1 is read, and it reads ours', (t) => {
  const sources = ENHANCED.slice(0, 3).map((_, i) => join(folder, `m${i}.mkv`))
  const made = ENHANCED.slice(0, 3).every(({ codecs }, i) => hasFfmpeg && encode(sources[i] ?? '', codecs))
  const [flv, ours, again] = [join(folder, 'm.flv'), join(folder, 'mo.flv'), join(folder, 'ma.flv')]
  if (!made || !enhanced(flv, sources)) return t.skip('no FFmpeg that can do this')
  const sink = demux(readFileSync(flv))
  assert.deepEqual(
    byId(sink).map((track) => `${track.id} ${track.codec}`),
    ['1 h265', '2 opus', '3 av1', '4 eac3', '5 vp9', '6 ac3'],
  )
  writeFileSync(ours, remux(sink))
  assert.ok(enhanced(again, [ours]))
  assert.equal(demux(readFileSync(again)).frames.length, sink.frames.length)
})
