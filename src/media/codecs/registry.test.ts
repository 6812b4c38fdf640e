import assert from 'node:assert/strict'
import { test } from 'node:test'
import { UnsupportedInputError } from '../errors.ts'
import type { AudioCodecId, CodecId } from '../model/index.ts'
import {
  audioTrack,
  type CodecDescription,
  describeConfig,
  describeFirstFrame,
  frameSampleCount,
  isKeyframe,
  videoTrack,
} from './index.ts'
import { hex, SAMPLES } from './testing/samples.ts'

const CONFIGS: { name: string; codec: CodecId; bytes: Uint8Array; value: CodecDescription }[] = [
  {
    name: 'H.264 High at level 1.2',
    codec: 'h264',
    bytes: SAMPLES.h264Config,
    value: { codecString: 'avc1.64000c', video: { widthPx: 320, heightPx: 180, frameRate: 25 } },
  },
  {
    name: 'H.265 Main at level 2',
    codec: 'h265',
    bytes: SAMPLES.h265Config,
    value: { codecString: 'hvc1.1.6.L60.90', video: { widthPx: 320, heightPx: 180, frameRate: 25 } },
  },
  {
    name: 'AV1 Main',
    codec: 'av1',
    bytes: SAMPLES.av1Config,
    value: { codecString: 'av01.0.00M.08', video: { widthPx: 320, heightPx: 180 } },
  },
  {
    name: 'AAC-LC',
    codec: 'aac',
    bytes: SAMPLES.aacLc44100Stereo,
    value: { codecString: 'mp4a.40.2', audio: { sampleRateHz: 44_100, channelCount: 2, samplesPerFrame: 1024 } },
  },
  {
    name: 'HE-AAC, hierarchical',
    codec: 'aac',
    bytes: SAMPLES.heAacHierarchical,
    value: { codecString: 'mp4a.40.5', audio: { sampleRateHz: 22_050, channelCount: 2, samplesPerFrame: 1024 } },
  },
  {
    name: 'HE-AAC v2, hierarchical',
    codec: 'aac',
    bytes: SAMPLES.heAacV2Hierarchical,
    value: { codecString: 'mp4a.40.29', audio: { sampleRateHz: 22_050, channelCount: 2, samplesPerFrame: 1024 } },
  },
  {
    name: 'HE-AAC, backward compatible',
    codec: 'aac',
    bytes: SAMPLES.heAacCompatible,
    value: { codecString: 'mp4a.40.5', audio: { sampleRateHz: 22_050, channelCount: 1, samplesPerFrame: 1024 } },
  },
  {
    name: 'AAC with frames of 960 samples',
    codec: 'aac',
    bytes: hex('12 14'),
    value: { codecString: 'mp4a.40.2', audio: { sampleRateHz: 44_100, channelCount: 2, samplesPerFrame: 960 } },
  },
  {
    name: 'AAC at a rate written out',
    codec: 'aac',
    bytes: hex('17 80 1f 40 10'),
    value: { codecString: 'mp4a.40.2', audio: { sampleRateHz: 16_000, channelCount: 2, samplesPerFrame: 1024 } },
  },
  {
    name: 'Opus stereo',
    codec: 'opus',
    bytes: SAMPLES.opusHead,
    value: { codecString: 'opus', audio: { sampleRateHz: 48_000, channelCount: 2, samplesPerFrame: 0 } },
  },
  {
    name: 'AC-3 mono at 44.1 kHz',
    codec: 'ac3',
    bytes: SAMPLES.ac3Config,
    value: { codecString: 'ac-3', audio: { sampleRateHz: 44_100, channelCount: 1, samplesPerFrame: 1536 } },
  },
  {
    name: 'E-AC-3 5.1',
    codec: 'eac3',
    bytes: SAMPLES.eac3Config,
    value: { codecString: 'ec-3', audio: { sampleRateHz: 44_100, channelCount: 6, samplesPerFrame: 1536 } },
  },
  {
    name: 'FLAC',
    codec: 'flac',
    bytes: SAMPLES.flac,
    value: { codecString: 'flac', audio: { sampleRateHz: 44_100, channelCount: 2, samplesPerFrame: 4096 } },
  },
  { name: 'MP3, whose record is empty', codec: 'mp3', bytes: hex(''), value: { codecString: 'mp4a.6B' } },
  {
    name: 'G.711 A-law',
    codec: 'pcma',
    bytes: hex(''),
    value: { codecString: 'alaw', audio: { sampleRateHz: 8000, channelCount: 1, samplesPerFrame: 0 } },
  },
]

for (const { name, codec, bytes, value } of CONFIGS) {
  test(`the configuration record of ${name} describes its track`, () => {
    assert.deepEqual(describeConfig(codec, bytes), value)
  })
}

const FRAMES: { name: string; codec: CodecId; bytes: Uint8Array; config: Uint8Array; value: CodecDescription }[] = [
  {
    name: 'MP3',
    codec: 'mp3',
    bytes: SAMPLES.mp3,
    config: hex(''),
    value: { codecString: 'mp4a.6B', audio: { sampleRateHz: 44_100, channelCount: 1, samplesPerFrame: 1152 } },
  },
  {
    name: 'AC-3',
    codec: 'ac3',
    bytes: SAMPLES.ac3,
    config: SAMPLES.ac3Config,
    value: { codecString: 'ac-3', audio: { sampleRateHz: 44_100, channelCount: 1, samplesPerFrame: 1536 } },
  },
  {
    name: 'VP8',
    codec: 'vp8',
    bytes: SAMPLES.vp8,
    config: hex('00 00 82 02 02 02 00 00'),
    value: { codecString: 'vp8', video: { widthPx: 320, heightPx: 180 } },
  },
  {
    name: 'VP9',
    codec: 'vp9',
    bytes: SAMPLES.vp9,
    config: hex('00 0b 82 02 02 02 00 00'),
    value: { codecString: 'vp09.00.11.08', video: { widthPx: 320, heightPx: 180 } },
  },
  {
    name: 'AV1',
    codec: 'av1',
    bytes: SAMPLES.av1Sequence,
    config: SAMPLES.av1Config,
    value: { codecString: 'av01.0.00M.08', video: { widthPx: 320, heightPx: 180 } },
  },
]

for (const { name, codec, bytes, config, value } of FRAMES) {
  test(`a first frame of ${name} gives the description and the canonical record`, () => {
    const { config: derived, ...description } = describeFirstFrame(codec, bytes)
    assert.deepEqual(description, value)
    assert.equal(Buffer.from(derived).toString('hex'), Buffer.from(config).toString('hex'))
  })
}

const COUNTS: { name: string; codec: AudioCodecId; bytes: Uint8Array; config?: Uint8Array; value: number }[] = [
  { name: 'AAC', codec: 'aac', bytes: hex('21'), config: SAMPLES.aacLc44100Stereo, value: 1024 },
  { name: 'AAC of 960', codec: 'aac', bytes: hex('21'), config: hex('12 14'), value: 960 },
  { name: 'Opus CELT 20 ms', codec: 'opus', bytes: hex('f8 00'), value: 960 },
  { name: 'Opus CELT 2.5 ms twice', codec: 'opus', bytes: hex('e1 00'), value: 240 },
  { name: 'Opus SILK 60 ms', codec: 'opus', bytes: hex('18 00'), value: 2880 },
  { name: 'Opus, three frames', codec: 'opus', bytes: hex('fb 03'), value: 2880 },
  { name: 'MP3', codec: 'mp3', bytes: SAMPLES.mp3, value: 1152 },
  { name: 'MP3 of MPEG 2', codec: 'mp3', bytes: hex('ff f3 50 c4'), value: 576 },
  { name: 'AC-3', codec: 'ac3', bytes: SAMPLES.ac3, value: 1536 },
  { name: 'E-AC-3', codec: 'eac3', bytes: SAMPLES.eac3, value: 1536 },
  { name: 'E-AC-3 of one block', codec: 'eac3', bytes: hex('0b 77 03 ce 4f 87 c0 00'), value: 256 },
  { name: 'FLAC of 4096', codec: 'flac', bytes: SAMPLES.flacFrame, value: 4096 },
  { name: 'FLAC of 100', codec: 'flac', bytes: hex('ff f8 69 18 00 63 c2'), value: 100 },
  { name: 'G.711', codec: 'pcmu', bytes: new Uint8Array(160), value: 160 },
]

for (const { name, codec, bytes, config, value } of COUNTS) {
  test(`a frame of ${name} has ${value} samples`, () => {
    assert.equal(frameSampleCount(codec, bytes, config ?? hex('')), value)
  })
}

const KEYS: { name: string; codec: 'h264' | 'h265' | 'av1' | 'vp8' | 'vp9'; bytes: Uint8Array; value: boolean }[] = [
  { name: 'H.264 IDR', codec: 'h264', bytes: hex('00000002 6588'), value: true },
  { name: 'H.264 slice', codec: 'h264', bytes: hex('00000002 419a'), value: false },
  { name: 'H.264 recovery point', codec: 'h264', bytes: hex('00000005 0606018480 00000002 419a'), value: true },
  { name: 'H.264 recovery after 3', codec: 'h264', bytes: hex('00000005 0606012080 00000002 419a'), value: false },
  { name: 'H.265 IDR_W_RADL', codec: 'h265', bytes: hex('00000003 2601af'), value: true },
  { name: 'H.265 CRA', codec: 'h265', bytes: hex('00000003 2a01af'), value: true },
  { name: 'H.265 TRAIL_R', codec: 'h265', bytes: hex('00000003 0201d0'), value: false },
  { name: 'AV1 key frame', codec: 'av1', bytes: hex('32 02 10 00'), value: true },
  { name: 'AV1 inter frame', codec: 'av1', bytes: hex('32 02 30 00'), value: false },
  { name: 'AV1 hidden key frame', codec: 'av1', bytes: hex('32 02 00 00'), value: false },
  { name: 'VP8 key frame', codec: 'vp8', bytes: SAMPLES.vp8, value: true },
  { name: 'VP8 inter frame', codec: 'vp8', bytes: hex('11 02 00'), value: false },
  { name: 'VP9 key frame', codec: 'vp9', bytes: SAMPLES.vp9, value: true },
  { name: 'VP9 inter frame', codec: 'vp9', bytes: hex('86 00'), value: false },
  { name: 'an empty frame', codec: 'h264', bytes: hex(''), value: false },
]

for (const { name, codec, bytes, value } of KEYS) {
  test(`${name} is ${value ? 'a' : 'no'} point to start at`, () => assert.equal(isKeyframe(codec, bytes), value))
}

test('tracks take what the record does not say from the fallback', () => {
  assert.equal(videoTrack(1, 'vp8', hex('00 00 82 02 02 02 00 00'), { widthPx: 640, heightPx: 360 }).widthPx, 640)
  assert.equal(audioTrack(2, 'mp3', hex(''), { sampleRateHz: 32_000, channelCount: 1 }).clockRateHz, 32_000)
  assert.equal(audioTrack(2, 'pcma', hex('')).sampleRateHz, 8000)
  assert.throws(() => audioTrack(2, 'mp3', hex('')), UnsupportedInputError)
})
