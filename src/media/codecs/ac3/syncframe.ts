import { BitReader } from '../../bytes/index.ts'
import { MalformedInputError, UnsupportedInputError } from '../../errors.ts'

/** What syncinfo() and bsi() of AC-3 and E-AC-3 have in common for a container. ETSI TS 102 366, 4.3 and E.1.2. */
type SyncframeBase = {
  readonly fscod: number
  readonly bsid: number
  readonly bsmod: number
  readonly acmod: number
  readonly lfeon: number
  readonly sampleRateHz: number
  /** Full-bandwidth channels and the low-frequency one. */
  readonly channelCount: number
  readonly frameBytes: number
  readonly sampleCount: number
}
/** ETSI TS 102 366, 4.3. */
export type Ac3Syncframe = SyncframeBase & { readonly kind: 'ac3'; readonly bitRateCode: number }
/** ETSI TS 102 366, E.1.2. */
export type Eac3Syncframe = SyncframeBase & {
  readonly kind: 'eac3'
  /** 0 independent, 1 dependent, 2 independent and converted from AC-3. */
  readonly strmtyp: number
  readonly substreamid: number
  /** Of a dependent substream, as bit 0 for L first in the most significant place; 0 where absent. */
  readonly chanmap: number
}
export type Syncframe = Ac3Syncframe | Eac3Syncframe

export const SYNCFRAME_HEADER_BYTES = 8
export const AC3_SAMPLE_RATES_HZ: readonly number[] = [48_000, 44_100, 32_000]
export const ACMOD_CHANNELS: readonly number[] = [2, 1, 2, 3, 3, 4, 4, 5]
/** kbit/s by frmsizecod >> 1. ETSI TS 102 366, table 4.13. */
export const AC3_BITRATES_KBPS: readonly number[] = [
  32, 40, 48, 56, 64, 80, 96, 112, 128, 160, 192, 224, 256, 320, 384, 448, 512, 576, 640,
]
const SAMPLES_PER_BLOCK = 256
const AC3_SAMPLES = 6 * SAMPLES_PER_BLOCK
const MAX_AC3_BSID = 10
const MAX_EAC3_BSID = 16

/** Length of the syncframe at `at`, 0 where that cannot be told yet, -1 where there is none. */
export function syncframeBytes(bytes: Uint8Array, at: number): number {
  const left = bytes.length - at
  if (left > 0 && bytes[at] !== 0x0b) return -1
  if (left > 1 && bytes[at + 1] !== 0x77) return -1
  if (left < SYNCFRAME_HEADER_BYTES) return 0
  const b4 = bytes[at + 4] ?? 0
  const bsid = (bytes[at + 5] ?? 0) >> 3
  if (bsid > MAX_EAC3_BSID) return -1
  if (bsid <= MAX_AC3_BSID) return ac3FrameBytes(b4 >> 6, b4 & 63) || -1
  return ((((bytes[at + 2] ?? 0) & 7) << 8) | (bytes[at + 3] ?? 0)) * 2 + 2
}

/** 0 where a code is reserved. */
function ac3FrameBytes(fscod: number, frmsizecod: number): number {
  const kbps = AC3_BITRATES_KBPS[frmsizecod >> 1]
  if (kbps === undefined || fscod > 2) return 0
  if (fscod === 0) return kbps * 4
  if (fscod === 2) return kbps * 6
  return 2 * (Math.floor((kbps * AC3_SAMPLES * 1000) / 44_100 / 16) + (frmsizecod & 1))
}

/** Either kind, told apart by bsid. */
export function readSyncframe(data: Uint8Array): Syncframe {
  const r = new BitReader(data)
  if (r.bits(16, 'syncword') !== 0x0b77) throw new MalformedInputError('syncword', 0, 'is not 0x0b77')
  const bsid = (data[5] ?? 0) >> 3
  if (bsid > MAX_EAC3_BSID) throw new UnsupportedInputError(`AC-3 bitstream with bsid ${bsid}`)
  return bsid <= MAX_AC3_BSID ? readAc3(r) : readEac3(r)
}

function readAc3(r: BitReader): Ac3Syncframe {
  r.skip(16, 'crc1')
  const fscod = r.bits(2, 'fscod')
  const frmsizecod = r.bits(6, 'frmsizecod')
  const frameBytes = ac3FrameBytes(fscod, frmsizecod)
  if (frameBytes === 0) throw new MalformedInputError('frmsizecod', 4, 'is reserved')
  const bsid = r.bits(5, 'bsid')
  const bsmod = r.bits(3, 'bsmod')
  const acmod = r.bits(3, 'acmod')
  if ((acmod & 1) !== 0 && acmod !== 1) r.skip(2, 'cmixlev')
  if ((acmod & 4) !== 0) r.skip(2, 'surmixlev')
  if (acmod === 2) r.skip(2, 'dsurmod')
  const lfeon = r.bits(1, 'lfeon')
  return {
    kind: 'ac3',
    fscod,
    bsid,
    bsmod,
    acmod,
    lfeon,
    bitRateCode: frmsizecod >> 1,
    // bsid 9 and 10 halve and quarter the rate.
    sampleRateHz: (AC3_SAMPLE_RATES_HZ[fscod] ?? 0) / 2 ** Math.max(0, bsid - 8),
    channelCount: (ACMOD_CHANNELS[acmod] ?? 0) + lfeon,
    frameBytes,
    sampleCount: AC3_SAMPLES,
  }
}

function readEac3(r: BitReader): Eac3Syncframe {
  const strmtyp = r.bits(2, 'strmtyp')
  if (strmtyp === 3) throw new MalformedInputError('strmtyp', 2, 'is reserved')
  const substreamid = r.bits(3, 'substreamid')
  const frameBytes = (r.bits(11, 'frmsiz') + 1) * 2
  const fscod = r.bits(2, 'fscod')
  const second = r.bits(2, 'numblkscod')
  if (fscod === 3 && second === 3) throw new MalformedInputError('fscod2', 4, 'is reserved')
  const base = AC3_SAMPLE_RATES_HZ[fscod === 3 ? second : fscod] ?? 0
  const blocks = fscod === 3 ? 6 : [1, 2, 3, 6][second]
  const acmod = r.bits(3, 'acmod')
  const lfeon = r.bits(1, 'lfeon')
  const bsid = r.bits(5, 'bsid')
  return {
    kind: 'eac3',
    strmtyp,
    substreamid,
    fscod,
    bsid,
    bsmod: 0,
    acmod,
    lfeon,
    chanmap: strmtyp === 1 ? readChanmap(r, acmod) : 0,
    sampleRateHz: fscod === 3 ? base / 2 : base,
    channelCount: (ACMOD_CHANNELS[acmod] ?? 0) + lfeon,
    frameBytes,
    sampleCount: (blocks ?? 6) * SAMPLES_PER_BLOCK,
  }
}

function readChanmap(r: BitReader, acmod: number): number {
  for (let programs = acmod === 0 ? 2 : 1; programs > 0; programs--) {
    r.skip(5, 'dialnorm')
    if (r.flag('compre')) r.skip(8, 'compr')
  }
  return r.flag('chanmape') ? r.bits(16, 'chanmap') : 0
}

/** The syncframes that stand back to back in `data`, all of them whole. */
export function readSyncframes(data: Uint8Array): Syncframe[] {
  const frames: Syncframe[] = []
  for (let at = 0; at < data.length; ) {
    const frame = readSyncframe(data.subarray(at))
    frames.push(frame)
    at += frame.frameBytes
  }
  return frames
}

/** Whether the syncframe begins an access unit: AC-3, or independent substream 0. ETSI TS 102 366, E.1.3.1.2. */
export function startsAccessUnit(frame: Syncframe): boolean {
  return frame.kind === 'ac3' || (frame.strmtyp !== 1 && frame.substreamid === 0)
}
