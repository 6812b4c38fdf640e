import type { Descriptor } from '../program-tables.ts'
import type { StreamKind } from '../stream-kind.ts'
import { Ac3Reader } from './ac3-reader.ts'
import { AdtsReader } from './adts-reader.ts'
import { Av1VideoReader } from './av1-video-reader.ts'
import type { ElementaryReader, ElementarySink } from './elementary-reader.ts'
import { LatmReader } from './latm-reader.ts'
import { MpegAudioReader } from './mpeg-audio-reader.ts'
import { H264_RULES, H265_RULES } from './nal-rules.ts'
import { NalVideoReader } from './nal-video-reader.ts'
import { OpusReader } from './opus-reader.ts'

type ReaderFactory = (sink: ElementarySink, descriptors: readonly Descriptor[]) => ElementaryReader

/** The reader of each kind of stream. */
export const READERS = {
  h264: (sink) => new NalVideoReader(H264_RULES, sink),
  h265: (sink) => new NalVideoReader(H265_RULES, sink),
  av1: (sink) => new Av1VideoReader(sink, 'registered'),
  sniff: (sink) => new Av1VideoReader(sink, 'unproven'),
  adts: (sink) => new AdtsReader(sink),
  latm: (sink) => new LatmReader(sink),
  mp3: (sink) => new MpegAudioReader(sink),
  ac3: (sink) => new Ac3Reader('ac3', sink),
  eac3: (sink) => new Ac3Reader('eac3', sink),
  opus: (sink, descriptors) => new OpusReader(sink, descriptors),
} satisfies Record<StreamKind, ReaderFactory>
