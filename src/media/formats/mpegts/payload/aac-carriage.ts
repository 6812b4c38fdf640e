import {
  ADTS_HEADER_BYTES,
  type AudioSpecificConfig,
  adtsObstacle,
  readAudioSpecificConfig,
  startsWithProgramConfig,
  writeAdtsHeader,
  writeProgramConfigElement,
} from '../../../codecs/aac/index.ts'
import { BitWriter } from '../../../codecs/bit-writer.ts'
import type { Track } from '../../../model/index.ts'
import { STREAM_TYPE } from '../stream-kind.ts'
import { STREAM_ID, type TrackCarriage } from './payload-writer.ts'

const ID_PCE = 5

/** AAC with an ADTS header in front of every access unit; HE-AAC is signalled implicitly. */
export function aacCarriage(track: Track): TrackCarriage | string {
  const config = readAudioSpecificConfig(track.config)
  const obstacle = adtsObstacle(config)
  if (obstacle !== undefined) return `ADTS cannot carry ${obstacle}`
  const programConfig = programConfigBlock(config)
  return {
    streamType: STREAM_TYPE.aacAdts,
    streamId: STREAM_ID.audio,
    descriptors: [],
    write(out, { data }) {
      // Channel configuration 0 means that the blocks themselves say the channels.
      const prefix = startsWithProgramConfig(data) ? undefined : programConfig
      const at = out.extend(ADTS_HEADER_BYTES)
      writeAdtsHeader(out.bytes, at, config, data.length + (prefix?.length ?? 0))
      if (prefix !== undefined) out.append(prefix)
      out.append(data)
    },
  }
}

/** The program_config_element as the first element of a raw data block; it ends on a byte boundary. */
function programConfigBlock(config: AudioSpecificConfig): Uint8Array | undefined {
  if (config.programConfigElement === undefined) return undefined
  const w = new BitWriter()
  w.bits(3, ID_PCE)
  writeProgramConfigElement(w, config.programConfigElement)
  return w.copy()
}
