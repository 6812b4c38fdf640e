import type { ByteWriter } from '../../../bytes/index.ts'
import { opusHeadToDops } from '../../../codecs/opus/index.ts'
import { InvariantError } from '../../../errors.ts'
import type { AudioTrack, CodecId, Track, VideoTrack } from '../../../model/index.ts'
import { box, fullBox, PLAIN } from '../box.ts'
import { esds, OBJECT_TYPE } from './esds.ts'

type WriteSampleEntry = (w: ByteWriter, track: Track) => void

/** Codec → sample entry, in the canonical configuration of docs/codec-registry.md. */
const SAMPLE_ENTRIES = {
  /** ISO/IEC 14496-15, 5.4.2.1. */
  h264: video('avc1', configBox('avcC')),
  /** ISO/IEC 14496-15, 8.4.1.1. */
  h265: video('hvc1', configBox('hvcC')),
  /** AV1 Codec ISO Media File Format Binding, 2.2 and 2.3. */
  av1: video('av01', configBox('av1C')),
  /** VP Codec ISO Media File Format Binding. */
  vp8: video('vp08', configFullBox('vpcC', 1)),
  vp9: video('vp09', configFullBox('vpcC', 1)),
  /** ISO/IEC 14496-14, 6.7. */
  aac: audio('mp4a', (w, track) =>
    esds(w, { objectTypeIndication: OBJECT_TYPE.aac, decoderSpecificInfo: track.config }),
  ),
  mp3: audio('mp4a', (w) => esds(w, { objectTypeIndication: OBJECT_TYPE.mp3, decoderSpecificInfo: new Uint8Array() })),
  /** Encapsulation of Opus in ISO Base Media File Format, 4.3.1 and 4.3.2. */
  opus: audio('Opus', (w, track) => box(w, 'dOps', () => w.bytes(opusHeadToDops(track.config)))),
  /** ETSI TS 102 366, F.3 and F.4. */
  ac3: audio('ac-3', configBox('dac3')),
  /** ETSI TS 102 366, F.5 and F.6. */
  eac3: audio('ec-3', configBox('dec3')),
  /** Encapsulation of FLAC in ISO Base Media File Format, 3.3.1 and 3.3.2. */
  flac: audio('fLaC', configFullBox('dfLa', 0)),
  /** QuickTime File Format, sound sample descriptions: 16 bits once decoded. */
  pcma: audio('alaw', () => {}),
  pcmu: audio('ulaw', () => {}),
} as const satisfies Record<CodecId, WriteSampleEntry>

/** Sample Description with one entry per version of the track's configuration. ISO/IEC 14496-12, 8.5.2. */
export function stsd(w: ByteWriter, versions: readonly Track[]): void {
  fullBox(w, 'stsd', PLAIN, () => {
    w.u32(versions.length)
    for (const track of versions) SAMPLE_ENTRIES[track.codec](w, track)
  })
}

function configBox(type: string): WriteSampleEntry {
  return (w, track) => box(w, type, () => w.bytes(track.config))
}

function configFullBox(type: string, version: number): WriteSampleEntry {
  return (w, track) => fullBox(w, type, { version, flags: 0 }, () => w.bytes(track.config))
}

/** Visual Sample Entry. ISO/IEC 14496-12, 12.1.3. */
function video(type: string, config: WriteSampleEntry): WriteSampleEntry {
  return (w, track) =>
    box(w, type, () => {
      writeVisualFields(w, expectVideo(track))
      config(w, track)
    })
}

function writeVisualFields(w: ByteWriter, track: VideoTrack): void {
  w.zeros(6)
  w.u16(1) // data_reference_index
  w.zeros(16)
  w.u16(track.widthPx)
  w.u16(track.heightPx)
  w.u32(0x00480000) // horizresolution
  w.u32(0x00480000) // vertresolution
  w.u32(0)
  w.u16(1) // frame_count
  w.zeros(32) // compressorname
  w.u16(0x0018) // depth
  w.u16(0xffff) // pre_defined
}

/** Audio Sample Entry, version 0. ISO/IEC 14496-12, 12.2.3. */
function audio(type: string, config: WriteSampleEntry): WriteSampleEntry {
  return (w, track) =>
    box(w, type, () => {
      writeAudioFields(w, expectAudio(track))
      config(w, track)
    })
}

function writeAudioFields(w: ByteWriter, track: AudioTrack): void {
  w.zeros(6)
  w.u16(1) // data_reference_index
  w.zeros(8)
  w.u16(track.channelCount)
  w.u16(16) // samplesize
  w.u32(0)
  w.u16(integerSampleRate(track.sampleRateHz))
  w.u16(0)
}

/** The 16 bits cannot hold 88.2 kHz and more: then the rate is divided, and the codec's own record tells the truth. */
function integerSampleRate(sampleRateHz: number): number {
  let rate = sampleRateHz
  while (rate > 0xffff) rate = Math.floor(rate / 2)
  return rate
}

function expectVideo(track: Track): VideoTrack {
  if (track.kind !== 'video') throw new InvariantError(`${track.codec} in an ${track.kind} track`)
  return track
}

function expectAudio(track: Track): AudioTrack {
  if (track.kind !== 'audio') throw new InvariantError(`${track.codec} in a ${track.kind} track`)
  return track
}
