import { BitReader } from '../../../bytes/index.ts'
import { readAudioSpecificConfigBits } from '../../../codecs/aac/index.ts'
import { UnsupportedInputError } from '../../../errors.ts'

/** What Millrace reads of StreamMuxConfig(). ISO/IEC 14496-3, 1.7.3. */
export type StreamMuxConfig = {
  readonly subFrameCount: number
  /** Moved to a byte boundary, the last byte filled up with zero bits. */
  readonly audioSpecificConfig: Uint8Array
}

/** `r` reads `bytes`. One program, one layer, frameLengthType 0; anything else is an UnsupportedInputError. */
export function readStreamMuxConfig(bytes: Uint8Array, r: BitReader): StreamMuxConfig {
  const version = r.bits(1, 'audioMuxVersion')
  if (version === 1 && r.flag('audioMuxVersionA')) throw new UnsupportedInputError('LATM audioMuxVersionA 1')
  if (version === 1) readLatmValue(r)
  const sameFraming = r.flag('allStreamsSameTimeFraming')
  const subFrameCount = r.bits(6, 'numSubFrames') + 1
  const programs = r.bits(4, 'numProgram') + 1
  const layers = r.bits(3, 'numLayer') + 1
  if (!sameFraming || programs > 1 || layers > 1) {
    throw new UnsupportedInputError(`LATM with ${programs} programs and ${layers} layers`)
  }
  const audioSpecificConfig = version === 1 ? readSizedConfig(r) : readUnsizedConfig(bytes, r)
  const frameLengthType = r.bits(3, 'frameLengthType')
  if (frameLengthType !== 0) throw new UnsupportedInputError(`LATM frameLengthType ${frameLengthType}`)
  r.skip(8, 'latmBufferFullness')
  if (r.flag('otherDataPresent')) skipOtherDataLength(r, version)
  if (r.flag('crcCheckPresent')) r.skip(8, 'crcCheckSum')
  return { subFrameCount, audioSpecificConfig }
}

/** The configuration says its own end: it is read ahead for its length, then taken by its bits. */
function readUnsizedConfig(bytes: Uint8Array, r: BitReader): Uint8Array {
  const copy = new BitReader(bytes, r.bitPosition >> 3)
  copy.skip(r.bitPosition & 7, 'alignment')
  readAudioSpecificConfigBits(copy, 'unknown')
  return copyBits(r, copy.bitPosition - r.bitPosition)
}

function readSizedConfig(r: BitReader): Uint8Array {
  return copyBits(r, readLatmValue(r))
}

function copyBits(r: BitReader, count: number): Uint8Array {
  if (count > r.bitsLeft) r.skip(count, 'AudioSpecificConfig')
  const bytes = new Uint8Array(Math.ceil(count / 8))
  for (let at = 0; at < count; at += 8) {
    const width = Math.min(8, count - at)
    bytes[at >> 3] = r.bits(width, 'AudioSpecificConfig') << (8 - width)
  }
  return bytes
}

/** LatmGetValue(). ISO/IEC 14496-3, 1.7.3. */
function readLatmValue(r: BitReader): number {
  const bytes = r.bits(2, 'bytesForValue') + 1
  return r.bits(bytes * 8, 'valueTmp')
}

function skipOtherDataLength(r: BitReader, version: number): void {
  if (version === 1) {
    readLatmValue(r)
    return
  }
  while (r.flag('otherDataLenEsc')) r.skip(8, 'otherDataLenTmp')
  r.skip(8, 'otherDataLenTmp')
}
