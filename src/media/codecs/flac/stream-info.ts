import { BitReader, ByteReader } from '../../bytes/index.ts'
import { MalformedInputError } from '../../errors.ts'
import type { CodecDescription } from '../codec-description.ts'

/** STREAMINFO. RFC 9639, 8.2. */
export type FlacStreamInfo = {
  readonly minBlockSamples: number
  readonly maxBlockSamples: number
  readonly sampleRateHz: number
  readonly channelCount: number
  readonly bitsPerSample: number
  /** 0 where unknown. */
  readonly totalSamples: number
}

const STREAMINFO = 0

/** `config` is the canonical form: metadata blocks with their headers, STREAMINFO first. */
export function readFlacStreamInfo(config: Uint8Array): FlacStreamInfo {
  const r = new ByteReader(config)
  if ((r.u8('metadata_block_type') & 127) !== STREAMINFO) {
    throw new MalformedInputError('metadata_block_type', 0, 'the first block is not STREAMINFO')
  }
  const b = new BitReader(r.take(r.u24('metadata_block_length'), 'STREAMINFO'))
  const minBlockSamples = b.bits(16, 'minimum block size')
  const maxBlockSamples = b.bits(16, 'maximum block size')
  b.skip(48, 'frame sizes')
  const sampleRateHz = b.bits(20, 'sample rate')
  if (sampleRateHz === 0) throw new MalformedInputError('sample rate', 14, 'is 0')
  const channelCount = b.bits(3, 'channels') + 1
  const bitsPerSample = b.bits(5, 'bits per sample') + 1
  const totalSamples = b.bits(4, 'total samples') * 2 ** 32 + b.bits(32, 'total samples')
  return { minBlockSamples, maxBlockSamples, sampleRateHz, channelCount, bitsPerSample, totalSamples }
}

export function describeFlacConfig(config: Uint8Array): CodecDescription {
  const info = readFlacStreamInfo(config)
  const fixed = info.minBlockSamples === info.maxBlockSamples
  const { sampleRateHz, channelCount } = info
  return {
    codecString: 'flac',
    audio: { sampleRateHz, channelCount, samplesPerFrame: fixed ? info.maxBlockSamples : 0 },
  }
}
