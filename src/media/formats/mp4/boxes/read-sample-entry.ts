import type { ByteReader } from '../../../bytes/index.ts'
import { audioTrack, videoTrack } from '../../../codecs/index.ts'
import { dopsToOpusHead } from '../../../codecs/opus/index.ts'
import { MalformedInputError, UnsupportedInputError } from '../../../errors.ts'
import type { AudioCodecId, Track, VideoCodecId } from '../../../model/index.ts'
import { type Box, child, readChildren, readVersionAndFlags } from '../box.ts'
import { OBJECT_TYPE, readEsds } from './esds.ts'

type Children = ReadonlyMap<string, ByteReader>
type ReadSampleEntry = (entry: ByteReader, id: number) => Track
type AudioConfig = { readonly codec: AudioCodecId; readonly config: Uint8Array }
type ReadAudioConfig = (children: Children, entry: ByteReader) => AudioConfig

const NO_CONFIG = new Uint8Array()

/** Sample entry → track; the reverse of sample-entries.ts, which names the clauses. */
const READERS = new Map<string, ReadSampleEntry>([
  ['avc1', video('h264', plainRecord('avcC'))],
  ['avc3', video('h264', plainRecord('avcC'))],
  ['hvc1', video('h265', plainRecord('hvcC'))],
  ['hev1', video('h265', plainRecord('hvcC'))],
  ['av01', video('av1', plainRecord('av1C'))],
  ['vp08', video('vp8', fullBoxRecord('vpcC'))],
  ['vp09', video('vp9', fullBoxRecord('vpcC'))],
  ['mp4a', audio(readMp4a)],
  ['.mp3', audio(() => ({ codec: 'mp3', config: NO_CONFIG }))],
  [
    'Opus',
    audio((children, entry) => ({ codec: 'opus', config: dopsToOpusHead(child(children, 'dOps', entry).rest()) })),
  ],
  ['ac-3', audio((children, entry) => ({ codec: 'ac3', config: plainRecord('dac3')(children, entry) }))],
  ['ec-3', audio((children, entry) => ({ codec: 'eac3', config: plainRecord('dec3')(children, entry) }))],
  ['fLaC', audio((children, entry) => ({ codec: 'flac', config: fullBoxRecord('dfLa')(children, entry) }))],
  ['alaw', audio(() => ({ codec: 'pcma', config: NO_CONFIG }))],
  ['ulaw', audio(() => ({ codec: 'pcmu', config: NO_CONFIG }))],
])

/** The track that a sample entry describes, its clock the canonical one of its codec. The configuration is a copy. */
export function readSampleEntry(entry: Box, trackId: number): Track {
  const read = READERS.get(entry.type)
  if (read === undefined) throw new UnsupportedInputError(`sample entry ${JSON.stringify(entry.type)}`)
  return read(entry.body, trackId)
}

type ReadRecord = (children: Children, entry: ByteReader) => Uint8Array

function plainRecord(type: string): ReadRecord {
  return (children, entry) => child(children, type, entry).rest()
}

function fullBoxRecord(type: string): ReadRecord {
  return (children, entry) => {
    const reader = child(children, type, entry)
    readVersionAndFlags(reader)
    return reader.rest()
  }
}

/** Visual Sample Entry. ISO/IEC 14496-12, 12.1.3. */
function video(codec: VideoCodecId, record: ReadRecord): ReadSampleEntry {
  return (entry, id) => {
    entry.skip(24, 'VisualSampleEntry')
    const size = { widthPx: entry.u16('width'), heightPx: entry.u16('height') }
    entry.skip(50, 'VisualSampleEntry')
    return videoTrack(id, codec, record(readChildren(entry), entry).slice(), size)
  }
}

/** Audio Sample Entry; versions 1 and 2 are QuickTime's. ISO/IEC 14496-12, 12.2.3. */
function audio(readConfig: ReadAudioConfig): ReadSampleEntry {
  return (entry, id) => {
    entry.skip(8, 'AudioSampleEntry')
    const version = entry.u16('version')
    entry.skip(6, 'AudioSampleEntry')
    const channelCount = entry.u16('channelcount')
    entry.skip(6, 'AudioSampleEntry')
    const sampleRateHz = entry.u16('samplerate')
    entry.skip(2, 'samplerate')
    if (version > 2) throw new MalformedInputError('version', entry.offset, `sound description version ${version}`)
    entry.skip([0, 16, 36][version] ?? 0, 'SoundDescription')
    const { codec, config } = readConfig(audioChildren(entry), entry)
    return toAudioTrack(id, { codec, config: config.slice() }, { sampleRateHz, channelCount })
  }
}

function toAudioTrack(
  id: number,
  { codec, config }: AudioConfig,
  entry: { sampleRateHz: number; channelCount: number },
): Track {
  const track = audioTrack(id, codec, config, entry)
  if (track.sampleRateHz < 1 || track.channelCount < 1) {
    throw new MalformedInputError('samplerate', 0, `${track.sampleRateHz} Hz, ${track.channelCount} channels`)
  }
  return track
}

/** QuickTime puts the esds of an mp4a into a `wave` box. */
function audioChildren(entry: ByteReader): Children {
  const children = readChildren(entry)
  const wave = children.get('wave')
  return wave === undefined || children.has('esds') ? children : readChildren(wave)
}

/** ISO/IEC 14496-14, 6.7: the objectTypeIndication says which codec it is. */
function readMp4a(children: Children, entry: ByteReader): AudioConfig {
  const { objectTypeIndication: type, decoderSpecificInfo } = readEsds(child(children, 'esds', entry))
  if (type === OBJECT_TYPE.mp3 || type === OBJECT_TYPE.mp3Mpeg2) return { codec: 'mp3', config: NO_CONFIG }
  if (type === OBJECT_TYPE.aac || (type >= OBJECT_TYPE.aacMpeg2Main && type <= OBJECT_TYPE.aacMpeg2Ssr)) {
    return { codec: 'aac', config: decoderSpecificInfo }
  }
  throw new UnsupportedInputError(`mp4a with objectTypeIndication 0x${type.toString(16)}`)
}
