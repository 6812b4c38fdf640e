export {
  describeOpusConfig,
  dopsToOpusHead,
  OPUS_CLOCK_HZ,
  type OpusHead,
  opusHeadToDops,
  readDops,
  readOpusHead,
  writeDops,
  writeOpusHead,
} from './opus-head.ts'
export { opusSampleCount } from './packet-duration.ts'
