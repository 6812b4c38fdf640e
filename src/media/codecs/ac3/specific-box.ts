import { BitReader } from '../../bytes/index.ts'
import { MalformedInputError, UnsupportedInputError } from '../../errors.ts'
import { BitWriter } from '../bit-writer.ts'
import type { CodecDescription, FrameDescription } from '../codec-description.ts'
import { AC3_SAMPLE_RATES_HZ, ACMOD_CHANNELS, readSyncframe } from './syncframe.ts'

/** AC3SpecificBox payload, `dac3`. ETSI TS 102 366, F.4. */
export type Ac3Specific = {
  readonly fscod: number
  readonly bsid: number
  readonly bsmod: number
  readonly acmod: number
  readonly lfeon: number
  readonly bitRateCode: number
}

const AC3_SAMPLES_PER_FRAME = 1536

export function readDac3(payload: Uint8Array): Ac3Specific {
  const r = new BitReader(payload)
  const fscod = r.bits(2, 'fscod')
  if (fscod === 3) throw new MalformedInputError('fscod', 0, 'is reserved')
  return {
    fscod,
    bsid: r.bits(5, 'bsid'),
    bsmod: r.bits(3, 'bsmod'),
    acmod: r.bits(3, 'acmod'),
    lfeon: r.bits(1, 'lfeon'),
    bitRateCode: r.bits(5, 'bit_rate_code'),
  }
}

export function writeDac3(box: Ac3Specific): Uint8Array {
  const w = new BitWriter()
  w.bits(2, box.fscod)
  w.bits(5, box.bsid)
  w.bits(3, box.bsmod)
  w.bits(3, box.acmod)
  w.bits(1, box.lfeon)
  w.bits(5, box.bitRateCode)
  w.bits(5, 0)
  return w.copy()
}

export function describeAc3Config(config: Uint8Array): CodecDescription {
  const box = readDac3(config)
  return {
    codecString: 'ac-3',
    audio: {
      sampleRateHz: (AC3_SAMPLE_RATES_HZ[box.fscod] ?? 0) / 2 ** Math.min(2, Math.max(0, box.bsid - 8)),
      channelCount: (ACMOD_CHANNELS[box.acmod] ?? 0) + box.lfeon,
      samplesPerFrame: AC3_SAMPLES_PER_FRAME,
    },
  }
}

export function describeAc3Frame(data: Uint8Array): FrameDescription {
  const frame = readSyncframe(data)
  if (frame.kind !== 'ac3') throw new UnsupportedInputError('E-AC-3 syncframe in an AC-3 stream')
  const config = writeDac3(frame)
  return { ...describeAc3Config(config), config }
}
