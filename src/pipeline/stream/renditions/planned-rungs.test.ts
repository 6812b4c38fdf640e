import assert from 'node:assert/strict'
import { test } from 'node:test'
import { audioTrack, videoTrack } from '../../../media/codecs/index.ts'
import { plannedRungs, renditionParts } from './planned-rungs.ts'

const AVC = Buffer.from('0142c00cffe100196742c00cd901419f9f011000000300100000030320f142a48001000568cb83cb20', 'hex')
const video = (widthPx: number, heightPx: number) => ({ ...videoTrack(1, 'h264', AVC), widthPx, heightPx })
const aac = audioTrack(2, 'aac', Uint8Array.of(0x11, 0x90))
const settings = {
  streams: { 'live/**': { ladder: ['1080p', '720p', 'audio', 'modern'] } },
  profiles: { modern: { video: { codec: 'av1', size: '640x360' }, audio: { codec: 'opus' } } } as const,
}

test('a rung is planned with size, codecs and bit rate before it runs', () => {
  const rungs = plannedRungs(settings, 'live/a', [video(1920, 1080), aac])
  assert.deepEqual(
    rungs.map(({ name, video, audio, bitsPerSecond }) => [
      name,
      video && `${video.widthPx}x${video.heightPx} ${video.codecString}`,
      audio?.codecString,
      bitsPerSecond,
    ]),
    [
      ['live/a/1080p', '1920x1080 avc1.640028', 'mp4a.40.2', 4_628_000],
      ['live/a/720p', '1280x720 avc1.64001f', 'mp4a.40.2', 2_628_000],
      ['live/a/audio', undefined, 'mp4a.40.2', 96_000],
      ['live/a/modern', '640x360 av01.0.01M.08', 'opus', 2_628_000],
    ],
  )
})

test('nothing is upscaled; of two rungs that would look alike the last is listed', () => {
  const rungs = plannedRungs(settings, 'live/a', [video(1280, 720)])
  assert.deepEqual(
    rungs.map(({ rung, video }) => [rung, video?.widthPx]),
    [
      ['720p', 1280],
      ['modern', 640],
    ],
  )
})

test('a name is a rendition where the ladder of the stream above it has the rung', () => {
  assert.deepEqual(renditionParts(settings, 'live/a/720p'), { source: 'live/a', rung: '720p' })
  for (const name of ['live/a/480p', 'other/a/720p', '720p']) assert.equal(renditionParts(settings, name), undefined)
})
