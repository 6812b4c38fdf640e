import type { ByteReader, ByteWriter } from '../../../bytes/index.ts'
import { fullBox, PLAIN, readVersionAndFlags } from '../box.ts'

/** Tags of ISO/IEC 14496-1, 7.2.2.1, table 1. */
const ES_DESCRIPTOR = 3
const DECODER_CONFIG_DESCRIPTOR = 4
const DECODER_SPECIFIC_INFO = 5
const SL_CONFIG_DESCRIPTOR = 6
/** streamType 5 (audio), upStream 0, reserved 1. ISO/IEC 14496-1, 7.2.6.6. */
const AUDIO_STREAM = (5 << 2) | 1

/** objectTypeIndication of ISO/IEC 14496-1, table 5. */
export const OBJECT_TYPE = { aac: 0x40, aacMpeg2Main: 0x66, aacMpeg2Ssr: 0x68, mp3Mpeg2: 0x69, mp3: 0x6b } as const

export type ElementaryStream = {
  readonly objectTypeIndication: number
  /** Empty where the codec has none; a view on the input when read. */
  readonly decoderSpecificInfo: Uint8Array
}

/** Elementary Stream Descriptor. ISO/IEC 14496-14, 6.7.2. */
export function esds(w: ByteWriter, stream: ElementaryStream): void {
  fullBox(w, 'esds', PLAIN, () => {
    const info = stream.decoderSpecificInfo
    const infoBytes = info.length === 0 ? 0 : descriptorBytes(info.length)
    const configBytes = 13 + infoBytes
    const slBytes = descriptorBytes(1)
    descriptor(w, ES_DESCRIPTOR, 3 + descriptorBytes(configBytes) + slBytes)
    w.u16(0) // ES_ID, 0 in a file
    w.u8(0)
    descriptor(w, DECODER_CONFIG_DESCRIPTOR, configBytes)
    w.u8(stream.objectTypeIndication)
    w.u8(AUDIO_STREAM)
    w.u24(0) // bufferSizeDB
    w.u32(0) // maxBitrate
    w.u32(0) // avgBitrate
    if (info.length > 0) {
      descriptor(w, DECODER_SPECIFIC_INFO, info.length)
      w.bytes(info)
    }
    descriptor(w, SL_CONFIG_DESCRIPTOR, 1)
    w.u8(2) // predefined: MP4 file
  })
}

/** Tag and four-byte size, the form that every player reads. ISO/IEC 14496-1, 8.3.3. */
function descriptor(w: ByteWriter, tag: number, sizeBytes: number): void {
  w.u8(tag)
  w.u8(0x80 | ((sizeBytes >> 21) & 0x7f))
  w.u8(0x80 | ((sizeBytes >> 14) & 0x7f))
  w.u8(0x80 | ((sizeBytes >> 7) & 0x7f))
  w.u8(sizeBytes & 0x7f)
}

function descriptorBytes(payloadBytes: number): number {
  return 5 + payloadBytes
}

/** The reader stands on the version of an esds box. */
export function readEsds(reader: ByteReader): ElementaryStream {
  readVersionAndFlags(reader)
  const es = readDescriptor(reader, ES_DESCRIPTOR)
  es.skip(2, 'ES_ID')
  const flags = es.u8('streamDependenceFlag')
  if (flags & 0x80) es.skip(2, 'dependsOn_ES_ID')
  if (flags & 0x40) es.skip(es.u8('URLlength'), 'URLstring')
  if (flags & 0x20) es.skip(2, 'OCR_ES_Id')
  const config = readDescriptor(es, DECODER_CONFIG_DESCRIPTOR)
  const objectTypeIndication = config.u8('objectTypeIndication')
  config.skip(12, 'DecoderConfigDescriptor')
  const decoderSpecificInfo =
    config.remaining === 0 ? new Uint8Array() : readDescriptor(config, DECODER_SPECIFIC_INFO).rest()
  return { objectTypeIndication, decoderSpecificInfo }
}

function readDescriptor(reader: ByteReader, expectedTag: number): ByteReader {
  const tag = reader.u8('tag')
  if (tag !== expectedTag) reader.fail('tag', `descriptor ${tag} where ${expectedTag} is expected`)
  return reader.sub(readDescriptorSize(reader), `descriptor ${tag}`)
}

/** sizeOfInstance: seven bits a byte, four bytes at most. ISO/IEC 14496-1, 8.3.3. */
function readDescriptorSize(reader: ByteReader): number {
  let size = 0
  for (let count = 0; count < 4; count++) {
    const byte = reader.u8('sizeOfInstance')
    size = (size << 7) | (byte & 0x7f)
    if (byte < 0x80) return size
  }
  return reader.fail('sizeOfInstance', 'longer than four bytes')
}
