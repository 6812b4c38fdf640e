import { BitReader } from '../../bytes/index.ts'
import { MalformedInputError, UnsupportedInputError } from '../../errors.ts'
import { BitWriter } from '../bit-writer.ts'
import type { CodecDescription } from '../codec-description.ts'
import {
  type ProgramConfigElement,
  readProgramConfigElement,
  writeProgramConfigElement,
} from './program-config-element.ts'
import { CHANNEL_COUNTS, SAMPLING_FREQUENCIES_HZ } from './sampling-frequency.ts'

/** AudioSpecificConfig(). ISO/IEC 14496-3, 1.6.2.1. */
export type AudioSpecificConfig = {
  /** Of the core coder: 2 is AAC-LC, also under HE-AAC. */
  readonly audioObjectType: number
  readonly samplingFrequencyHz: number
  readonly channelConfiguration: number
  /** Of the core coder. */
  readonly channelCount: number
  /** Samples of the core coder in a frame: 1024 or 960, low delay 512 or 480. */
  readonly frameSampleCount: number
  readonly programConfigElement?: ProgramConfigElement
  /** HE-AAC where it is signalled. */
  readonly extension?: {
    /** Hierarchical: object type 5 or 29 in front. Backward compatible: the 0x2b7 extension at the end. */
    readonly signalling: 'hierarchical' | 'backward-compatible'
    readonly sbr: boolean
    readonly ps: boolean
    readonly samplingFrequencyHz: number
  }
}

const AOT_SBR = 5
const AOT_PS = 29
const AOT_ER_LD = 23
const AOT_ER_BSAC = 22
const GENERAL_AUDIO = new Set([1, 2, 3, 4, 6, 7, 17, 19, 20, 21, 22, 23])
const SYNC_EXTENSION = 0x2b7
const SYNC_EXTENSION_PS = 0x548

export function readAudioSpecificConfig(config: Uint8Array): AudioSpecificConfig {
  return readAudioSpecificConfigBits(new BitReader(config), 'to the end')
}

/**
 * Reads from any bit position (a StreamMuxConfig is not aligned). `extent` says whether the bits up to the reader's end
 * belong to the structure, so that a backward-compatible extension may follow.
 */
export function readAudioSpecificConfigBits(r: BitReader, extent: 'to the end' | 'unknown'): AudioSpecificConfig {
  const firstBit = r.bitPosition
  let audioObjectType = readObjectType(r)
  const samplingFrequencyHz = readSamplingFrequency(r)
  const channelConfiguration = r.bits(4, 'channelConfiguration')
  let extension: AudioSpecificConfig['extension']
  if (audioObjectType === AOT_SBR || audioObjectType === AOT_PS) {
    const ps = audioObjectType === AOT_PS
    extension = { signalling: 'hierarchical', sbr: true, ps, samplingFrequencyHz: readSamplingFrequency(r) }
    audioObjectType = readObjectType(r)
    if (audioObjectType === AOT_ER_BSAC) r.skip(4, 'extensionChannelConfiguration')
  }
  const specific = GENERAL_AUDIO.has(audioObjectType)
    ? readGeneralAudio(r, { audioObjectType, channelConfiguration, firstBit })
    : { frameSampleCount: audioObjectType === 39 ? 512 : 1024 }
  if (extension === undefined && extent === 'to the end') extension = readSyncExtension(r, samplingFrequencyHz)
  const channelCount = specific.programConfigElement?.channelCount ?? CHANNEL_COUNTS[channelConfiguration] ?? 0
  if (channelCount === 0) throw new UnsupportedInputError(`AAC channelConfiguration ${channelConfiguration}`)
  const base = { audioObjectType, samplingFrequencyHz, channelConfiguration, channelCount, ...specific }
  return extension === undefined ? base : { ...base, extension }
}

/** GetAudioObjectType(). ISO/IEC 14496-3, table 1.16. */
function readObjectType(r: BitReader): number {
  const type = r.bits(5, 'audioObjectType')
  return type === 31 ? 32 + r.bits(6, 'audioObjectTypeExt') : type
}

function readSamplingFrequency(r: BitReader): number {
  const index = r.bits(4, 'samplingFrequencyIndex')
  const frequency = index === 15 ? r.bits(24, 'samplingFrequency') : SAMPLING_FREQUENCIES_HZ[index]
  if (frequency === undefined || frequency === 0) {
    throw new MalformedInputError('samplingFrequencyIndex', r.bitPosition >> 3, `${index} is reserved`)
  }
  return frequency
}

/** GASpecificConfig(). ISO/IEC 14496-3, 4.4.1. */
function readGeneralAudio(
  r: BitReader,
  head: { audioObjectType: number; channelConfiguration: number; firstBit: number },
): { frameSampleCount: number; programConfigElement?: ProgramConfigElement } {
  const type = head.audioObjectType
  const short = r.flag('frameLengthFlag')
  const frameSampleCount = type === AOT_ER_LD ? (short ? 480 : 512) : short ? 960 : 1024
  if (r.flag('dependsOnCoreCoder')) r.skip(14, 'coreCoderDelay')
  const extensionFlag = r.flag('extensionFlag')
  const element = head.channelConfiguration === 0 ? readProgramConfigElement(r, head.firstBit) : undefined
  if (type === 6 || type === 20) r.skip(3, 'layerNr')
  if (extensionFlag) {
    if (type === AOT_ER_BSAC) r.skip(16, 'numOfSubFrame')
    if (type === 17 || type === 19 || type === 20 || type === AOT_ER_LD) r.skip(3, 'aacResilienceFlags')
    r.skip(1, 'extensionFlag3')
  }
  if (type >= 17 && r.bitsLeft >= 2) r.skip(2, 'epConfig')
  return element === undefined ? { frameSampleCount } : { frameSampleCount, programConfigElement: element }
}

/** The backward-compatible extension. ISO/IEC 14496-3, 1.6.6.1. What does not start with its mark is padding. */
function readSyncExtension(r: BitReader, coreFrequencyHz: number): AudioSpecificConfig['extension'] {
  if (r.bitsLeft < 16 || r.bits(11, 'syncExtensionType') !== SYNC_EXTENSION) return undefined
  if (readObjectType(r) !== AOT_SBR || r.bitsLeft < 1) return undefined
  const sbr = r.flag('sbrPresentFlag')
  if (!sbr) return { signalling: 'backward-compatible', sbr, ps: false, samplingFrequencyHz: coreFrequencyHz }
  const samplingFrequencyHz = readSamplingFrequency(r)
  const ps = r.bitsLeft >= 12 && r.bits(11, 'syncExtensionType') === SYNC_EXTENSION_PS && r.flag('psPresentFlag')
  return { signalling: 'backward-compatible', sbr, ps, samplingFrequencyHz }
}

/** For the object types without error resilience (1 to 4 and 7); others are an UnsupportedInputError. */
export function writeAudioSpecificConfig(config: AudioSpecificConfig): Uint8Array {
  if (config.audioObjectType > 7 || !GENERAL_AUDIO.has(config.audioObjectType) || config.audioObjectType === 6) {
    throw new UnsupportedInputError(`AudioSpecificConfig of object type ${config.audioObjectType} cannot be written`)
  }
  const w = new BitWriter()
  const extension = config.extension
  const hierarchical = extension?.signalling === 'hierarchical'
  w.bits(5, hierarchical ? (extension.ps ? AOT_PS : AOT_SBR) : config.audioObjectType)
  writeSamplingFrequency(w, config.samplingFrequencyHz)
  w.bits(4, config.channelConfiguration)
  if (hierarchical) {
    writeSamplingFrequency(w, extension.samplingFrequencyHz)
    w.bits(5, config.audioObjectType)
  }
  w.bits(3, config.frameSampleCount === 960 ? 4 : 0)
  if (config.programConfigElement !== undefined) writeProgramConfigElement(w, config.programConfigElement)
  if (extension?.signalling === 'backward-compatible') {
    w.bits(11, SYNC_EXTENSION)
    w.bits(5, AOT_SBR)
    w.bits(1, extension.sbr ? 1 : 0)
    if (extension.sbr) writeSamplingFrequency(w, extension.samplingFrequencyHz)
    if (extension.ps) w.bits(12, SYNC_EXTENSION_PS * 2 + 1)
  }
  return w.copy()
}

function writeSamplingFrequency(w: BitWriter, frequencyHz: number): void {
  const index = SAMPLING_FREQUENCIES_HZ.indexOf(frequencyHz)
  w.bits(4, index < 0 ? 15 : index)
  if (index < 0) w.bits(24, frequencyHz)
}

/** `mp4a.40.2`, `mp4a.40.5` and `mp4a.40.29` (RFC 6381, 3.3). The clock is the core coder's. */
export function describeAacConfig(config: Uint8Array): CodecDescription {
  const asc = readAudioSpecificConfig(config)
  const extension = asc.extension
  const objectType = extension?.ps ? AOT_PS : extension?.sbr ? AOT_SBR : asc.audioObjectType
  return {
    codecString: `mp4a.40.${objectType}`,
    audio: {
      sampleRateHz: asc.samplingFrequencyHz,
      channelCount: extension?.ps && asc.channelCount === 1 ? 2 : asc.channelCount,
      samplesPerFrame: asc.frameSampleCount,
    },
  }
}
