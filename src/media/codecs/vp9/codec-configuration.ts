import { ByteReader, ByteWriter } from '../../bytes/index.ts'

/** VPCodecConfigurationRecord. VP Codec ISO Media File Format Binding, 2.2. VP8 and VP9 share it. */
export type VpCodecConfiguration = {
  readonly profile: number
  /** Level times ten: 31 is 3.1; 0 where undefined. */
  readonly level: number
  readonly bitDepth: number
  readonly chromaSubsampling: number
  readonly videoFullRangeFlag: number
  readonly colourPrimaries: number
  readonly transferCharacteristics: number
  readonly matrixCoefficients: number
}

/** The canonical form is the `vpcC` payload without its version and flags. */
export function readVpCodecConfiguration(config: Uint8Array): VpCodecConfiguration {
  const r = new ByteReader(config)
  const profile = r.u8('profile')
  const level = r.u8('level')
  const depth = r.u8('bitDepth')
  return {
    profile,
    level,
    bitDepth: depth >> 4,
    chromaSubsampling: (depth >> 1) & 7,
    videoFullRangeFlag: depth & 1,
    colourPrimaries: r.u8('colourPrimaries'),
    transferCharacteristics: r.u8('transferCharacteristics'),
    matrixCoefficients: r.u8('matrixCoefficients'),
  }
}

export function writeVpCodecConfiguration(record: VpCodecConfiguration): Uint8Array {
  const w = new ByteWriter(8)
  w.u8(record.profile)
  w.u8(record.level)
  w.u8((record.bitDepth << 4) | (record.chromaSubsampling << 1) | record.videoFullRangeFlag)
  w.u8(record.colourPrimaries)
  w.u8(record.transferCharacteristics)
  w.u8(record.matrixCoefficients)
  w.u16(0)
  return w.copy()
}
