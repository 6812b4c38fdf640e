import { encodeUtf8 } from '../../../bytes/index.ts'
import { concat } from './collect.ts'
import { FRAMES, RECORDS } from './samples.ts'

export type TagCase = {
  readonly name: string
  /** Type, time, body. */
  readonly tags: readonly (readonly [8 | 9 | 18, number, Uint8Array])[]
  /** `id codec` of each onTrack. */
  readonly tracks: readonly string[]
  /** `id pts dts key length` of each onFrame. */
  readonly frames: readonly string[]
}

const body = (...parts: (readonly number[] | Uint8Array | string)[]): Uint8Array =>
  concat(parts.map((part) => (typeof part === 'string' ? encodeUtf8(part) : Uint8Array.from(part))))
const NAL = [0, 0, 0, 2, 0x65, 0x88]
const H264_SHORT_LENGTHS = RECORDS.h264.map((byte, i) => (i === 4 ? byte & 0xfd : byte))
const AV1_FRAME = [0x32, 2, 0x10, 0]

/** Every form that a tag can take: read by the demuxer tests, and the seeds of the fuzzer. */
export const TAG_CASES: readonly TagCase[] = [
  {
    name: 'classic AVC with composition time',
    tags: [
      [9, 0, body([0x17, 0, 0, 0, 0], RECORDS.h264)],
      [9, 40, body([0x17, 1, 0, 0, 80], NAL)],
      [9, 80, body([0x27, 1, 0xff, 0xff, 0xd8], NAL)],
      [9, 80, body([0x17, 2, 0, 0, 0])],
    ],
    tracks: ['1 h264'],
    frames: ['1 10800 3600 true 6', '1 3600 7200 false 6'],
  },
  {
    name: 'an identical sequence header in between and a changed one',
    tags: [
      [9, 0, body([0x17, 0, 0, 0, 0], RECORDS.h264)],
      [9, 0, body([0x17, 0, 0, 0, 0], RECORDS.h264)],
      [9, 0, body([0x17, 1, 0, 0, 0], NAL)],
      [9, 0, body([0x1c, 0, 0, 0, 0], RECORDS.h265)],
      [9, 40, body([0x1c, 1, 0, 0, 0], NAL)],
    ],
    tracks: ['1 h264', '1 h265'],
    frames: ['1 0 0 true 6', '1 3600 3600 true 6'],
  },
  {
    name: 'AVC with two-byte lengths becomes four-byte',
    tags: [
      [9, 0, body([0x17, 0, 0, 0, 0], H264_SHORT_LENGTHS)],
      [9, 0, body([0x17, 1, 0, 0, 0], [0, 2, 0x65, 0x88, 0, 1, 0x65])],
    ],
    tracks: ['1 h264'],
    frames: ['1 0 0 true 11'],
  },
  {
    name: 'frames in front of the sequence header are dropped',
    tags: [
      [9, 0, body([0x17, 1, 0, 0, 0], NAL)],
      [8, 0, body([0xaf, 1, 1, 2, 3])],
      [8, 10, body([0xaf, 0], RECORDS.aac)],
      [8, 20, body([0xaf, 1, 1, 2, 3])],
    ],
    tracks: ['2 aac'],
    frames: ['2 960 960 true 3'],
  },
  {
    name: 'AAC times from sample counts, and a jump that is followed',
    tags: [
      [8, 0, body([0xaf, 0], RECORDS.aac)],
      [8, 0, body([0xaf, 1, 1])],
      [8, 21, body([0xaf, 1, 1])],
      [8, 43, body([0xaf, 1, 1])],
      [8, 1000, body([0xaf, 1, 1])],
    ],
    tracks: ['2 aac'],
    frames: ['2 0 0 true 1', '2 1024 1024 true 1', '2 2048 2048 true 1', '2 48000 48000 true 1'],
  },
  {
    name: 'MP3 and G.711 in stereo need no header',
    tags: [
      [8, 0, body([0x2e], FRAMES.mp3)],
      [8, 24, body([0x73], [1, 2, 3, 4])],
    ],
    tracks: ['2 mp3', '2 pcma'],
    frames: ['2 0 0 true 192', '2 192 192 true 4'],
  },
  {
    name: 'enhanced HEVC with and without composition time',
    tags: [
      [9, 0, body([0x90], 'hvc1', RECORDS.h265)],
      [9, 0, body([0xd4], 'hvc1', [2, 0, 9], 'colorInfo')],
      [9, 0, body([0x91], 'hvc1', [0, 0, 40], NAL)],
      [9, 40, body([0xa3], 'hvc1', NAL)],
      [9, 40, body([0x92], 'hvc1')],
    ],
    tracks: ['1 h265'],
    frames: ['1 3600 0 true 6', '1 3600 3600 false 6'],
  },
  {
    name: 'AV1 loses its temporal delimiter',
    tags: [
      [9, 0, body([0x90], 'av01', RECORDS.av1)],
      [9, 0, body([0x91], 'av01', [0x12, 0], AV1_FRAME)],
      [9, 40, body([0xa1], 'av01', AV1_FRAME)],
    ],
    tracks: ['1 av1'],
    frames: ['1 0 0 true 4', '1 3600 3600 false 4'],
  },
  {
    name: 'VP9 record with version and flags, size from the keyframe',
    tags: [
      [9, 0, body([0x90], 'vp09', [1, 0, 0, 0], RECORDS.vp9)],
      [9, 0, body([0x91], 'vp09', FRAMES.vp9)],
      [9, 33, body([0xa1], 'vp09', [0x86])],
    ],
    tracks: ['1 vp9'],
    frames: ['1 0 0 true 64', '1 2970 2970 false 1'],
  },
  {
    name: 'Opus, FLAC as FFmpeg writes it, AC-3 and E-AC-3, one after the other',
    tags: [
      [8, 0, body([0x90], 'Opus', RECORDS.opus)],
      [8, 0, body([0x94], 'Opus', [1, 1, 0, 0, 0, 4])],
      [8, 0, body([0x90], 'OpusOpusTags', [0, 0, 0, 0])],
      [8, 0, body([0x91], 'Opus', FRAMES.opus)],
      [8, 0, body([0x90], 'fLaC', RECORDS.flac.subarray(4))],
      [8, 40, body([0x90], 'ac-3')],
      [8, 40, body([0x91], 'ac-3', FRAMES.ac3)],
      [8, 80, body([0x91], 'ec-3', FRAMES.eac3)],
    ],
    tracks: ['2 opus', '2 flac', '2 ac3', '2 eac3'],
    frames: ['2 0 0 true 64', '2 1920 1920 true 64', '2 3840 3840 true 64'],
  },
  {
    name: 'multitrack in all three forms',
    tags: [
      [9, 0, body([0x96, 0x00], 'avc1', [0], RECORDS.h264)],
      [9, 0, body([0x96, 0x20], 'av01', [1, 0, 0, RECORDS.av1.length], RECORDS.av1, 'vp09', [2, 0, 0, 8], RECORDS.vp9)],
      [9, 40, body([0x96, 0x13], 'avc1', [0, 0, 0, 6], NAL)],
      [9, 40, body([0x96, 0x01], 'av01', [1], AV1_FRAME)],
      [8, 0, body([0x95, 0x00], 'mp4a', [3], RECORDS.aac)],
      [8, 40, body([0x95, 0x01], 'mp4a', [3, 9, 9])],
    ],
    tracks: ['1 h264', '3 av1', '8 aac'],
    frames: ['1 3600 3600 true 6', '3 3600 3600 true 4', '8 1920 1920 true 2'],
  },
  {
    name: 'ModEx: a nanosecond offset, and one that is not known',
    tags: [
      [9, 0, body([0x97, 3, 1, 2, 3, 4, 0xf0], 'hvc1', RECORDS.h265)],
      [9, 10, body([0x97, 2, 0x07, 0xa1, 0x20, 0x03], 'hvc1', NAL)],
    ],
    tracks: ['1 h265'],
    frames: ['1 945 945 true 6'],
  },
  {
    name: '32-bit time wraps and a restarted clock goes on',
    tags: [
      [9, 0, body([0x17, 0, 0, 0, 0], RECORDS.h264)],
      [9, 0xfffffff6, body([0x17, 1, 0, 0, 0], NAL)],
      [9, 10, body([0x27, 1, 0, 0, 0], NAL)],
      [9, 0x7000_0000, body([0x27, 1, 0, 0, 0], NAL)],
      [9, 5, body([0x17, 1, 0, 0, 0], NAL)],
      [9, 45, body([0x27, 1, 0, 0, 0], NAL)],
    ],
    tracks: ['1 h264'],
    frames: [
      `1 ${0xfffffff6 * 90} ${0xfffffff6 * 90} true 6`,
      `1 ${(2 ** 32 + 10) * 90} ${(2 ** 32 + 10) * 90} false 6`,
      `1 ${(2 ** 32 + 0x7000_0000) * 90} ${(2 ** 32 + 0x7000_0000) * 90} false 6`,
      `1 ${(2 ** 32 + 0x7000_0000) * 90} ${(2 ** 32 + 0x7000_0000) * 90} true 6`,
      `1 ${(2 ** 32 + 0x7000_0000 + 40) * 90} ${(2 ** 32 + 0x7000_0000 + 40) * 90} false 6`,
    ],
  },
]
