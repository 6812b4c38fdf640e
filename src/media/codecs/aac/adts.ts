import { BitReader } from '../../bytes/index.ts'
import { MalformedInputError, UnsupportedInputError } from '../../errors.ts'
import type { AudioSpecificConfig } from './audio-specific-config.ts'
import { readProgramConfigElement } from './program-config-element.ts'
import { CHANNEL_COUNTS, SAMPLING_FREQUENCIES_HZ } from './sampling-frequency.ts'

/** adts_fixed_header() and adts_variable_header(). ISO/IEC 14496-3, 1.A.2.2. */
export type AdtsHeader = {
  /** profile_ObjectType + 1. */
  readonly audioObjectType: number
  readonly samplingFrequencyIndex: number
  readonly channelConfiguration: number
  /** aac_frame_length: the header and all raw data blocks. */
  readonly frameBytes: number
  /** 7, or 9 with crc_check; with several protected blocks also their positions. */
  readonly headerBytes: number
  readonly rawDataBlockCount: number
  readonly isProtected: boolean
}

export const ADTS_HEADER_BYTES = 7
const MAX_FRAME_BYTES = 0x1fff

/** Length of the ADTS frame at `at`, 0 where that cannot be told yet, -1 where there is no ADTS header. */
export function adtsFrameBytes(bytes: Uint8Array, at: number): number {
  const left = bytes.length - at
  if (left > 0 && bytes[at] !== 0xff) return -1
  if (left > 1 && ((bytes[at + 1] ?? 0) & 0xf6) !== 0xf0) return -1
  if (left > 2 && (((bytes[at + 2] ?? 0) >> 2) & 15) > 12) return -1
  if (left < ADTS_HEADER_BYTES) return 0
  const length = (((bytes[at + 3] ?? 0) & 3) << 11) | ((bytes[at + 4] ?? 0) << 3) | ((bytes[at + 5] ?? 0) >> 5)
  return length < ADTS_HEADER_BYTES ? -1 : length
}

export function readAdtsHeader(frame: Uint8Array): AdtsHeader {
  const r = new BitReader(frame)
  if (r.bits(12, 'syncword') !== 0xfff) throw new MalformedInputError('syncword', 0, 'is not 0xfff')
  r.skip(1, 'ID')
  if (r.bits(2, 'layer') !== 0) throw new MalformedInputError('layer', 1, 'is not 0')
  const isProtected = !r.flag('protection_absent')
  const audioObjectType = r.bits(2, 'profile_ObjectType') + 1
  const samplingFrequencyIndex = r.bits(4, 'sampling_frequency_index')
  if (samplingFrequencyIndex > 12) throw new MalformedInputError('sampling_frequency_index', 2, 'is reserved')
  r.skip(1, 'private_bit')
  const channelConfiguration = r.bits(3, 'channel_configuration')
  r.skip(4, 'original_copy')
  const frameBytes = r.bits(13, 'aac_frame_length')
  r.skip(11, 'adts_buffer_fullness')
  const rawDataBlockCount = r.bits(2, 'number_of_raw_data_blocks_in_frame') + 1
  const headerBytes = ADTS_HEADER_BYTES + (isProtected ? rawDataBlockCount * 2 : 0)
  if (frameBytes < headerBytes) throw new MalformedInputError('aac_frame_length', 3, `${frameBytes} is too short`)
  return {
    audioObjectType,
    samplingFrequencyIndex,
    channelConfiguration,
    frameBytes,
    headerBytes,
    rawDataBlockCount,
    isProtected,
  }
}

/** The ADTS frames that stand back to back in `bytes`, as views; a cut-off last one is an error. */
export function splitAdtsFrames(bytes: Uint8Array): Uint8Array[] {
  const frames: Uint8Array[] = []
  for (let at = 0; at < bytes.length; ) {
    const length = adtsFrameBytes(bytes, at)
    if (length <= 0 || at + length > bytes.length) throw new MalformedInputError('adts_frame', at, 'is not whole')
    frames.push(bytes.subarray(at, at + length))
    at += length
  }
  return frames
}

/** The raw data blocks of one whole ADTS frame: canonical AAC access units, as views. */
export function rawDataBlocks(frame: Uint8Array, header: AdtsHeader): Uint8Array[] {
  if (header.rawDataBlockCount === 1) return [frame.subarray(header.headerBytes, header.frameBytes)]
  if (!header.isProtected) {
    throw new UnsupportedInputError(`ADTS frame with ${header.rawDataBlockCount} raw data blocks without positions`)
  }
  // raw_data_block_position counts from the first block; each block is followed by its own 16-bit CRC.
  const starts = [0]
  for (let i = 1; i < header.rawDataBlockCount; i++) {
    const at = ADTS_HEADER_BYTES + (i - 1) * 2
    starts.push(((frame[at] ?? 0) << 8) | (frame[at + 1] ?? 0))
  }
  return starts.map((start, index) => {
    const from = header.headerBytes + start
    const to = (starts[index + 1] ?? header.frameBytes - header.headerBytes) + header.headerBytes - 2
    if (from > to || to > frame.length) throw new MalformedInputError('raw_data_block_position', from, 'is wrong')
    return frame.subarray(from, to)
  })
}

/** The configuration that an ADTS header stands for; the channels of configuration 0 come from the first block. */
export function adtsConfig(header: AdtsHeader, firstBlock: Uint8Array): AudioSpecificConfig {
  const base = {
    audioObjectType: header.audioObjectType,
    samplingFrequencyHz: SAMPLING_FREQUENCIES_HZ[header.samplingFrequencyIndex] ?? 0,
    channelConfiguration: header.channelConfiguration,
    frameSampleCount: 1024,
  }
  if (header.channelConfiguration !== 0) {
    return { ...base, channelCount: CHANNEL_COUNTS[header.channelConfiguration] ?? 0 }
  }
  if (!startsWithProgramConfig(firstBlock)) throw new UnsupportedInputError('ADTS without channels: no program config')
  const r = new BitReader(firstBlock)
  r.skip(3, 'id_syn_ele')
  const programConfigElement = readProgramConfigElement(r, 0)
  if (programConfigElement.channelCount === 0) throw new UnsupportedInputError('AAC program config without channels')
  return { ...base, channelCount: programConfigElement.channelCount, programConfigElement }
}

const ID_PCE = 5

/** Whether a raw data block opens with a program_config_element. */
export function startsWithProgramConfig(block: Uint8Array): boolean {
  return (block[0] ?? 0) >> 5 === ID_PCE
}

/** Why a configuration cannot go into ADTS, or undefined where it can. */
export function adtsObstacle(config: AudioSpecificConfig): string | undefined {
  if (config.audioObjectType < 1 || config.audioObjectType > 4) return `AAC object type ${config.audioObjectType}`
  if (config.frameSampleCount !== 1024) return `AAC frames of ${config.frameSampleCount} samples`
  if (config.channelConfiguration > 7) return `AAC channel configuration ${config.channelConfiguration}`
  if (!SAMPLING_FREQUENCIES_HZ.includes(config.samplingFrequencyHz)) return `AAC at ${config.samplingFrequencyHz} Hz`
  return undefined
}

/**
 * Writes the 7-byte header in front of `blockBytes` bytes of raw data into `out` at `at`. HE-AAC is signalled
 * implicitly: the header is the core coder's. The configuration must have no `adtsObstacle`.
 */
export function writeAdtsHeader(out: Uint8Array, at: number, config: AudioSpecificConfig, blockBytes: number): void {
  const length = blockBytes + ADTS_HEADER_BYTES
  if (length > MAX_FRAME_BYTES) throw new MalformedInputError('aac_frame_length', 0, `${length} is over 8191`)
  const index = SAMPLING_FREQUENCIES_HZ.indexOf(config.samplingFrequencyHz)
  out[at] = 0xff
  out[at + 1] = 0xf1
  out[at + 2] = ((config.audioObjectType - 1) << 6) | (index << 2) | (config.channelConfiguration >> 2)
  out[at + 3] = ((config.channelConfiguration & 3) << 6) | (length >> 11)
  out[at + 4] = (length >> 3) & 255
  out[at + 5] = ((length & 7) << 5) | 0x1f
  out[at + 6] = 0xfc
}
