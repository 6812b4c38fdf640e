import { ByteReader, ByteWriter } from '../../bytes/index.ts'
import { sameBytes } from '../../codecs/nal/index.ts'
import { LimitExceededError } from '../../errors.ts'
import { crc32 } from './crc32.ts'

/** descriptor(). ISO/IEC 13818-1, 2.6. */
export type Descriptor = { readonly tag: number; readonly data: Uint8Array }

/** One entry of the PMT's loop. */
export type ElementaryStream = {
  readonly streamType: number
  readonly pid: number
  readonly descriptors: readonly Descriptor[]
}
/** program_association_section(). ISO/IEC 13818-1, 2.4.4.3. The network PID (program 0) is left out. */
export type ProgramAssociation = {
  readonly transportStreamId: number
  readonly version: number
  readonly programs: readonly { readonly programNumber: number; readonly pmtPid: number }[]
}
/** TS_program_map_section(). ISO/IEC 13818-1, 2.4.4.8. */
export type ProgramMap = {
  readonly programNumber: number
  readonly version: number
  readonly pcrPid: number
  readonly descriptors: readonly Descriptor[]
  readonly streams: readonly ElementaryStream[]
}

export const PAT_TABLE_ID = 0
export const PMT_TABLE_ID = 2
const CRC_BYTES = 4
const MAX_SECTION_BYTES = 1024
/** A map without descriptors and streams, with its CRC. */
const MAP_FIXED_BYTES = 16

/** `section` is whole, with its CRC. */
export function readProgramAssociation(section: Uint8Array): ProgramAssociation {
  const r = new ByteReader(section, 3, section.length - CRC_BYTES)
  const transportStreamId = r.u16('transport_stream_id')
  const version = (r.u8('version_number') >> 1) & 31
  r.skip(2, 'section_number')
  const programs: { programNumber: number; pmtPid: number }[] = []
  while (r.remaining >= 4) {
    const programNumber = r.u16('program_number')
    const pmtPid = r.u16('program_map_PID') & 0x1fff
    if (programNumber !== 0) programs.push({ programNumber, pmtPid })
  }
  return { transportStreamId, version, programs }
}

/** `section` is whole, with its CRC. Descriptors are copies. */
export function readProgramMap(section: Uint8Array): ProgramMap {
  const r = new ByteReader(section, 3, section.length - CRC_BYTES)
  const programNumber = r.u16('program_number')
  const version = (r.u8('version_number') >> 1) & 31
  r.skip(2, 'section_number')
  const pcrPid = r.u16('PCR_PID') & 0x1fff
  const descriptors = readDescriptors(r.sub(r.u16('program_info_length') & 0xfff, 'program_info'))
  const streams: ElementaryStream[] = []
  while (r.remaining >= 5) {
    const streamType = r.u8('stream_type')
    const pid = r.u16('elementary_PID') & 0x1fff
    streams.push({ streamType, pid, descriptors: readDescriptors(r.sub(r.u16('ES_info_length') & 0xfff, 'ES_info')) })
  }
  return { programNumber, version, pcrPid, descriptors, streams }
}

function readDescriptors(r: ByteReader): Descriptor[] {
  const descriptors: Descriptor[] = []
  while (r.remaining >= 2) {
    const tag = r.u8('descriptor_tag')
    descriptors.push({ tag, data: r.take(r.u8('descriptor_length'), 'descriptor').slice() })
  }
  return descriptors
}

export function writeProgramAssociation(table: ProgramAssociation): Uint8Array {
  return writeSection(PAT_TABLE_ID, table.transportStreamId, table.version, (w) => {
    for (const program of table.programs) {
      w.u16(program.programNumber)
      w.u16(0xe000 | program.pmtPid)
    }
  })
}

/** A map that does not fit a section is a LimitExceededError. */
export function writeProgramMap(table: ProgramMap): Uint8Array {
  const size = table.streams.reduce((sum, stream) => sum + 5 + descriptorBytes(stream.descriptors), MAP_FIXED_BYTES)
  const total = size + descriptorBytes(table.descriptors)
  if (total > MAX_SECTION_BYTES) throw new LimitExceededError(`program map of ${total} bytes`)
  return writeSection(PMT_TABLE_ID, table.programNumber, table.version, (w) => {
    w.u16(0xe000 | table.pcrPid)
    writeDescriptors(w, table.descriptors)
    for (const stream of table.streams) {
      w.u8(stream.streamType)
      w.u16(0xe000 | stream.pid)
      writeDescriptors(w, stream.descriptors)
    }
  })
}

function descriptorBytes(descriptors: readonly Descriptor[]): number {
  return descriptors.reduce((sum, descriptor) => sum + 2 + descriptor.data.length, 0)
}

function writeDescriptors(w: ByteWriter, descriptors: readonly Descriptor[]): void {
  w.u16(0xf000 | descriptorBytes(descriptors))
  for (const descriptor of descriptors) {
    w.u8(descriptor.tag)
    w.u8(descriptor.data.length)
    w.bytes(descriptor.data)
  }
}

/** The only section (0 of 0) of a table, current. ISO/IEC 13818-1, 2.4.4.10. */
function writeSection(tableId: number, extension: number, version: number, body: (w: ByteWriter) => void): Uint8Array {
  const w = new ByteWriter(MAX_SECTION_BYTES)
  w.u8(tableId)
  w.u16(0)
  w.u16(extension)
  w.u8(0xc1 | (version << 1))
  w.u16(0)
  body(w)
  const section = new Uint8Array(w.length + CRC_BYTES)
  section.set(w.view())
  const view = new DataView(section.buffer)
  view.setUint16(1, 0xb000 | (section.length - 3))
  view.setUint32(section.length - CRC_BYTES, crc32(section, 0, section.length - CRC_BYTES))
  return section
}

/** Whether two entries are described alike. */
export function sameDescriptors(a: ElementaryStream, b: ElementaryStream): boolean {
  return (
    a.streamType === b.streamType &&
    a.descriptors.length === b.descriptors.length &&
    a.descriptors.every(({ tag, data }, index) => {
      const other = b.descriptors[index]
      return other !== undefined && tag === other.tag && sameBytes(data, other.data)
    })
  )
}
