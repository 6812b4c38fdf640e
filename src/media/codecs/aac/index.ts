export {
  ADTS_HEADER_BYTES,
  type AdtsHeader,
  adtsConfig,
  adtsFrameBytes,
  adtsObstacle,
  rawDataBlocks,
  readAdtsHeader,
  splitAdtsFrames,
  startsWithProgramConfig,
  writeAdtsHeader,
} from './adts.ts'
export {
  type AudioSpecificConfig,
  describeAacConfig,
  readAudioSpecificConfig,
  readAudioSpecificConfigBits,
  writeAudioSpecificConfig,
} from './audio-specific-config.ts'
export { type ProgramConfigElement, writeProgramConfigElement } from './program-config-element.ts'
