import { BitReader } from '../../bytes/index.ts'
import { MalformedInputError, UnsupportedInputError } from '../../errors.ts'
import { BitWriter } from '../bit-writer.ts'
import type { CodecDescription, FrameDescription } from '../codec-description.ts'
import {
  AC3_SAMPLE_RATES_HZ,
  ACMOD_CHANNELS,
  type Eac3Syncframe,
  readSyncframes,
  startsAccessUnit,
} from './syncframe.ts'

/** One independent substream of the box with what depends on it. */
export type Eac3Substream = {
  readonly fscod: number
  readonly bsid: number
  readonly asvc: number
  readonly bsmod: number
  readonly acmod: number
  readonly lfeon: number
  readonly numDepSub: number
  /** Bit 0 (least significant) is the Lc/Rc pair; 0 without dependent substreams. */
  readonly chanLoc: number
}

/** EC3SpecificBox payload, `dec3`. ETSI TS 102 366, F.6. */
export type Eac3Specific = {
  readonly dataRateKbps: number
  readonly substreams: readonly Eac3Substream[]
  /** What follows, such as flag_ec3_extension_type_a. A view on the input. */
  readonly extension: Uint8Array
}

export function readDec3(payload: Uint8Array): Eac3Specific {
  const r = new BitReader(payload)
  const dataRateKbps = r.bits(13, 'data_rate')
  const count = r.bits(3, 'num_ind_sub') + 1
  const substreams: Eac3Substream[] = []
  for (let i = 0; i < count; i++) substreams.push(readSubstream(r))
  return { dataRateKbps, substreams, extension: payload.subarray(Math.ceil(r.bitPosition / 8)) }
}

function readSubstream(r: BitReader): Eac3Substream {
  const fscod = r.bits(2, 'fscod')
  const bsid = r.bits(5, 'bsid')
  r.skip(1, 'reserved')
  const asvc = r.bits(1, 'asvc')
  const bsmod = r.bits(3, 'bsmod')
  const acmod = r.bits(3, 'acmod')
  const lfeon = r.bits(1, 'lfeon')
  r.skip(3, 'reserved')
  const numDepSub = r.bits(4, 'num_dep_sub')
  const chanLoc = numDepSub > 0 ? r.bits(9, 'chan_loc') : 0
  if (numDepSub === 0) r.skip(1, 'reserved')
  return { fscod, bsid, asvc, bsmod, acmod, lfeon, numDepSub, chanLoc }
}

export function writeDec3(box: Eac3Specific): Uint8Array {
  const w = new BitWriter()
  w.bits(13, Math.min(box.dataRateKbps, 0x1fff))
  w.bits(3, box.substreams.length - 1)
  for (const sub of box.substreams) {
    w.bits(2, sub.fscod)
    w.bits(5, sub.bsid)
    w.bits(1, 0)
    w.bits(1, sub.asvc)
    w.bits(3, sub.bsmod)
    w.bits(3, sub.acmod)
    w.bits(1, sub.lfeon)
    w.bits(3, 0)
    w.bits(4, sub.numDepSub)
    if (sub.numDepSub > 0) w.bits(9, sub.chanLoc)
    else w.bits(1, 0)
  }
  w.align()
  for (const byte of box.extension) w.bits(8, byte)
  return w.copy()
}

/** The places of chan_loc that stand for two loudspeakers: Lc/Rc, Lrs/Rrs, Lsd/Rsd, Lw/Rw, Lvh/Rvh. */
const PAIRS = 0b001110011

export function describeEac3Config(config: Uint8Array): CodecDescription {
  return describe(readDec3(config))
}

/** The channels of the first program. The full rate of a half-rate stream is known from frames only. */
function describe(box: Eac3Specific, frame?: Eac3Syncframe): CodecDescription {
  const first = box.substreams[0]
  const rate = frame?.sampleRateHz ?? AC3_SAMPLE_RATES_HZ[first?.fscod ?? 3]
  if (first === undefined || rate === undefined) throw new UnsupportedInputError('E-AC-3 record without sampling rate')
  let channelCount = (ACMOD_CHANNELS[first.acmod] ?? 0) + first.lfeon
  for (let bit = 0; bit < 9; bit++) {
    if (((first.chanLoc >> bit) & 1) === 1) channelCount += ((PAIRS >> bit) & 1) === 1 ? 2 : 1
  }
  return {
    codecString: 'ec-3',
    audio: { sampleRateHz: rate, channelCount, samplesPerFrame: frame?.sampleCount ?? 1536 },
  }
}

/** `data` is one access unit. bsmod is deep inside the syncframe and taken as 0, main audio. */
export function describeEac3Frame(data: Uint8Array): FrameDescription {
  const frames = readSyncframes(data).filter((frame): frame is Eac3Syncframe => frame.kind === 'eac3')
  const first = frames[0]
  if (first === undefined || !startsAccessUnit(first)) {
    throw new MalformedInputError('substreamid', 2, 'access unit does not start with independent substream 0')
  }
  const substreams: Eac3Substream[] = []
  let bytes = 0
  for (const frame of frames) {
    bytes += frame.frameBytes
    const { fscod, bsid, bsmod, acmod, lfeon } = frame
    const last = substreams.at(-1)
    if (frame.strmtyp !== 1) substreams.push({ fscod, bsid, asvc: 0, bsmod, acmod, lfeon, numDepSub: 0, chanLoc: 0 })
    else if (last !== undefined) substreams[substreams.length - 1] = withDependent(last, frame.chanmap)
  }
  if (substreams.length > 8) throw new UnsupportedInputError(`E-AC-3 with ${substreams.length} independent substreams`)
  const dataRateKbps = Math.round((bytes * 8 * first.sampleRateHz) / first.sampleCount / 1000)
  const box = { dataRateKbps, substreams, extension: new Uint8Array(0) }
  return { ...describe(box, first), config: writeDec3(box) }
}

/** chanmap bits 5 to 12 (from the most significant) are chan_loc bits 0 to 7; LFE2, bit 14, is bit 8. */
function withDependent(substream: Eac3Substream, chanmap: number): Eac3Substream {
  let chanLoc = substream.chanLoc
  for (let bit = 0; bit < 8; bit++) chanLoc |= ((chanmap >> (10 - bit)) & 1) << bit
  chanLoc |= ((chanmap >> 1) & 1) << 8
  return { ...substream, numDepSub: Math.min(15, substream.numDepSub + 1), chanLoc }
}
