import { ByteReader, ByteWriter } from '../../bytes/index.ts'
import { MalformedInputError, UnsupportedInputError } from '../../errors.ts'
import type { CodecDescription } from '../codec-description.ts'

/** Identification header. RFC 7845, 5.1. */
export type OpusHead = {
  readonly channelCount: number
  /** Samples at 48 kHz to drop at the start. */
  readonly preSkip: number
  /** Of the original input, informative. */
  readonly inputSampleRateHz: number
  /** Q7.8 decibels. */
  readonly outputGain: number
  readonly channelMappingFamily: number
  /** Only for families other than 0. A view on the input. */
  readonly mapping?: { readonly streamCount: number; readonly coupledCount: number; readonly table: Uint8Array }
}

export const OPUS_CLOCK_HZ = 48_000
/** The head, two counts and a mapping of 255 channels. */
const MAX_BYTES = 276
const MAGIC = [0x4f, 0x70, 0x75, 0x73, 0x48, 0x65, 0x61, 0x64] as const

export function readOpusHead(config: Uint8Array): OpusHead {
  const r = new ByteReader(config)
  for (const byte of MAGIC) if (r.u8('magic') !== byte) throw new MalformedInputError('magic', 0, 'is not OpusHead')
  const version = r.u8('version')
  if (version >> 4 !== 0) throw new UnsupportedInputError(`OpusHead version ${version}`)
  const channelCount = r.u8('channel count')
  const preSkip = r.u16le('pre-skip')
  const inputSampleRateHz = r.u32le('input sample rate')
  const outputGain = (r.u16le('output gain') << 16) >> 16
  return readMapping(r, { channelCount, preSkip, inputSampleRateHz, outputGain })
}

function readMapping(r: ByteReader, head: Omit<OpusHead, 'channelMappingFamily' | 'mapping'>): OpusHead {
  if (head.channelCount === 0) throw new MalformedInputError('channel count', r.offset, 'is 0')
  const channelMappingFamily = r.u8('channel mapping family')
  if (channelMappingFamily === 0) {
    if (head.channelCount > 2) throw new MalformedInputError('channel count', 9, 'is over 2 in mapping family 0')
    return { ...head, channelMappingFamily }
  }
  const streamCount = r.u8('stream count')
  const coupledCount = r.u8('coupled count')
  const table = r.take(head.channelCount, 'channel mapping')
  return { ...head, channelMappingFamily, mapping: { streamCount, coupledCount, table } }
}

export function writeOpusHead(head: OpusHead): Uint8Array {
  const w = new ByteWriter(MAX_BYTES)
  for (const byte of MAGIC) w.u8(byte)
  w.u8(1)
  w.u8(head.channelCount)
  w.u16le(head.preSkip)
  w.u32le(head.inputSampleRateHz)
  w.u16le(head.outputGain & 0xffff)
  writeMapping(w, head)
  return w.copy()
}

function writeMapping(w: ByteWriter, head: OpusHead): void {
  w.u8(head.channelMappingFamily)
  if (head.mapping === undefined) return
  w.u8(head.mapping.streamCount)
  w.u8(head.mapping.coupledCount)
  w.bytes(head.mapping.table)
}

/** Payload of the OpusSpecificBox. Encapsulation of Opus in ISO Base Media File Format, 4.3.2. */
export function readDops(payload: Uint8Array): OpusHead {
  const r = new ByteReader(payload)
  const version = r.u8('Version')
  if (version !== 0) throw new UnsupportedInputError(`dOps version ${version}`)
  const channelCount = r.u8('OutputChannelCount')
  const preSkip = r.u16('PreSkip')
  const inputSampleRateHz = r.u32('InputSampleRate')
  return readMapping(r, { channelCount, preSkip, inputSampleRateHz, outputGain: r.i16('OutputGain') })
}

export function writeDops(head: OpusHead): Uint8Array {
  const w = new ByteWriter(MAX_BYTES)
  w.u8(0)
  w.u8(head.channelCount)
  w.u16(head.preSkip)
  w.u32(head.inputSampleRateHz)
  w.u16(head.outputGain & 0xffff)
  writeMapping(w, head)
  return w.copy()
}

/** The canonical configuration as a `dOps` payload. */
export function opusHeadToDops(config: Uint8Array): Uint8Array {
  return writeDops(readOpusHead(config))
}

/** A `dOps` payload as the canonical configuration. */
export function dopsToOpusHead(payload: Uint8Array): Uint8Array {
  return writeOpusHead(readDops(payload))
}

export function describeOpusConfig(config: Uint8Array): CodecDescription {
  const { channelCount } = readOpusHead(config)
  return { codecString: 'opus', audio: { sampleRateHz: OPUS_CLOCK_HZ, channelCount, samplesPerFrame: 0 } }
}
