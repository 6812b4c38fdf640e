import assert from 'node:assert/strict'
import { test } from 'node:test'
import fc from 'fast-check'
import {
  readAdtsHeader,
  readAudioSpecificConfig,
  splitAdtsFrames,
  writeAdtsHeader,
  writeAudioSpecificConfig,
} from './aac/index.ts'
import { readDac3, readDec3, writeDac3, writeDec3 } from './ac3/index.ts'
import {
  readAv1CodecConfiguration,
  readObus,
  toCanonicalTemporalUnit,
  writeAv1CodecConfiguration,
} from './av1/index.ts'
import {
  buildAvcDecoderConfiguration,
  readAvcDecoderConfiguration,
  readH264Sps,
  writeAvcDecoderConfiguration,
} from './h264/index.ts'
import {
  buildHevcDecoderConfiguration,
  readHevcDecoderConfiguration,
  writeHevcDecoderConfiguration,
} from './h265/index.ts'
import {
  annexBToLengthPrefixed,
  joinAnnexB,
  lengthPrefixedToAnnexB,
  removeEmulationPrevention,
  splitAnnexB,
} from './nal/index.ts'
import { dopsToOpusHead, opusHeadToDops } from './opus/index.ts'
import { hex, SAMPLES } from './testing/samples.ts'
import { readVpCodecConfiguration, writeVpCodecConfiguration } from './vp9/index.ts'

const ROUND_TRIPS: { name: string; bytes: Uint8Array; through(bytes: Uint8Array): Uint8Array }[] = [
  {
    name: 'AVCDecoderConfigurationRecord',
    bytes: SAMPLES.h264Config,
    through: (bytes) => writeAvcDecoderConfiguration(readAvcDecoderConfiguration(bytes)),
  },
  {
    name: 'HEVCDecoderConfigurationRecord',
    bytes: SAMPLES.h265Config,
    through: (bytes) => writeHevcDecoderConfiguration(readHevcDecoderConfiguration(bytes)),
  },
  {
    name: 'HEVCDecoderConfigurationRecord from its own parameter sets',
    bytes: SAMPLES.h265Config,
    through: (bytes) =>
      buildHevcDecoderConfiguration(
        readHevcDecoderConfiguration(bytes)
          .arrays.flatMap(({ units }) => units)
          .toReversed(),
      ),
  },
  {
    name: 'AV1CodecConfigurationRecord',
    bytes: SAMPLES.av1Config,
    through: (bytes) => writeAv1CodecConfiguration(readAv1CodecConfiguration(bytes)),
  },
  {
    name: 'VPCodecConfigurationRecord',
    bytes: hex('00 1f 82 02 02 02 00 00'),
    through: (bytes) => writeVpCodecConfiguration(readVpCodecConfiguration(bytes)),
  },
  ...(['aacLc44100Stereo', 'heAacHierarchical', 'heAacV2Hierarchical', 'heAacCompatible'] as const).map((key) => ({
    name: `AudioSpecificConfig ${key}`,
    bytes: key === 'heAacHierarchical' || key === 'heAacV2Hierarchical' ? SAMPLES[key].subarray(0, 4) : SAMPLES[key],
    through: (bytes: Uint8Array) => writeAudioSpecificConfig(readAudioSpecificConfig(bytes)),
  })),
  { name: 'OpusHead as dOps', bytes: SAMPLES.opusHead, through: (bytes) => dopsToOpusHead(opusHeadToDops(bytes)) },
  { name: 'dac3', bytes: SAMPLES.ac3Config, through: (bytes) => writeDac3(readDac3(bytes)) },
  { name: 'dec3', bytes: SAMPLES.eac3Config, through: (bytes) => writeDec3(readDec3(bytes)) },
  {
    name: 'dec3 with an extension',
    bytes: hex('0e 00 60 0f 00 01 10'),
    through: (bytes) => writeDec3(readDec3(bytes)),
  },
]

for (const { name, bytes, through } of ROUND_TRIPS) {
  test(`${name} is written as it was read`, () => {
    assert.equal(Buffer.from(through(bytes)).toString('hex'), Buffer.from(bytes).toString('hex'))
  })
}

test('the H.264 record built from parameter sets is the one that an encoder wrote', () => {
  const built = buildAvcDecoderConfiguration([SAMPLES.h264Sps], [SAMPLES.h264Pps])
  assert.deepEqual(built, SAMPLES.h264Config)
})

test('a VUI time scale that means nothing gives no frame rate', () => {
  const sps = readH264Sps(SAMPLES.h264SpsClip)
  assert.equal(sps.frameRate, undefined)
  assert.deepEqual([sps.widthPx, sps.heightPx, sps.levelIdc], [720, 720, 32])
})

test('a PCE counts its channels and survives reading and writing', () => {
  // 5.1: front centre and pair, back pair, LFE.
  const bytes = writeAudioSpecificConfig({
    audioObjectType: 2,
    samplingFrequencyHz: 48_000,
    channelConfiguration: 0,
    channelCount: 6,
    frameSampleCount: 1024,
    programConfigElement: {
      channelCount: 6,
      // prettier-ignore
      fields: [
        [4, 0],
        [2, 1],
        [4, 3],
        [4, 2],
        [4, 0],
        [4, 1],
        [2, 1],
        [3, 0],
        [4, 0],
        [1, 0],
        [1, 0],
        [1, 0],
        [1, 0],
        [4, 0],
        [1, 1],
        [4, 0],
        [1, 1],
        [4, 1],
        [4, 0],
      ],
      comment: [0x68, 0x69],
    },
  })
  const config = readAudioSpecificConfig(bytes)
  assert.equal(config.channelCount, 6)
  assert.deepEqual(writeAudioSpecificConfig(config), bytes)
})

test('ADTS headers say what they were written with, and frames back to back come apart', () => {
  const config = readAudioSpecificConfig(SAMPLES.aacLc44100Stereo)
  fc.assert(
    fc.property(fc.array(fc.integer({ min: 1, max: 2000 }), { minLength: 1, maxLength: 5 }), (sizes) => {
      const whole = new Uint8Array(sizes.reduce((sum, size) => sum + size + 7, 0))
      let at = 0
      for (const size of sizes) {
        writeAdtsHeader(whole, at, config, size)
        at += size + 7
      }
      const frames = splitAdtsFrames(whole)
      assert.deepEqual(
        frames.map((frame) => frame.length - 7),
        sizes,
      )
      for (const frame of frames) {
        const header = readAdtsHeader(frame)
        assert.deepEqual(
          [header.audioObjectType, header.samplingFrequencyIndex, header.channelConfiguration],
          [2, 4, 2],
        )
      }
    }),
  )
})

/** NAL units as encoders make them: no start code inside, no zero byte at the end. */
const nalUnits = fc.array(
  fc
    .uint8Array({ minLength: 1, maxLength: 40 })
    .map((bytes) =>
      bytes
        .map((byte, i) => (byte === 0 && i % 2 === 0 ? 7 : byte))
        .map((byte, i, all) => (i === all.length - 1 && byte === 0 ? 128 : byte)),
    ),
  { maxLength: 6 },
)

test('Annex B and length-prefixed forms hold the same NAL units', () => {
  fc.assert(
    fc.property(nalUnits, (units) => {
      const annexB = joinAnnexB(units)
      assert.deepEqual(splitAnnexB(annexB), units)
      assert.deepEqual(lengthPrefixedToAnnexB(annexBToLengthPrefixed(annexB)), annexB)
    }),
  )
})

test('three- and four-byte start codes, leading and trailing zeros all give the same units', () => {
  const units = splitAnnexB(hex('00 00 00 01 09 f0 00 00 01 67 64 00 00 00 00 00 01 68 ee 00 00 00'))
  assert.deepEqual(
    units.map((unit) => Buffer.from(unit).toString('hex')),
    ['09f0', '6764', '68ee'],
  )
})

test('emulation prevention bytes go, other threes stay', () => {
  assert.deepEqual(
    removeEmulationPrevention(hex('67 00 00 03 01 00 00 03 00 00 03 03')),
    hex('67 00 00 01 00 00 00 00 03'),
  )
  assert.deepEqual(removeEmulationPrevention(hex('67 03 00 03 03')), hex('67 03 00 03 03'))
})

test('a temporal unit loses its delimiter and its last OBU gains a size', () => {
  assert.deepEqual(toCanonicalTemporalUnit(hex('12 00 0a 01 55 30 aa bb')), hex('0a 01 55 32 02 aa bb'))
  const canonical = hex('0a 01 55 32 02 aa bb')
  assert.equal(toCanonicalTemporalUnit(canonical), canonical)
  assert.deepEqual(
    readObus(canonical).map(({ type }) => type),
    [1, 6],
  )
})
