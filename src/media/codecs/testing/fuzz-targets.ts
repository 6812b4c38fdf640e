import { AUDIO_CODECS, VIDEO_CODECS } from '../../model/index.ts'
import { rawDataBlocks, readAdtsHeader, splitAdtsFrames } from '../aac/index.ts'
import { readSyncframes } from '../ac3/index.ts'
import { readObus, toCanonicalTemporalUnit } from '../av1/index.ts'
import { CaptionServices } from '../captions/index.ts'
import { buildAvcDecoderConfiguration, readH264Sps } from '../h264/index.ts'
import { buildHevcDecoderConfiguration } from '../h265/index.ts'
import { audioTrack, describeConfig, describeFirstFrame, frameSampleCount, isKeyframe, videoTrack } from '../index.ts'
import { annexBToLengthPrefixed, splitLengthPrefixed } from '../nal/index.ts'
import { opusHeadToDops, opusSampleCount } from '../opus/index.ts'
import { SAMPLES } from './samples.ts'

/** One parser and what it is fed from; `run` may throw a MillraceError and nothing else. */
export type FuzzTarget = { name: string; seeds: Uint8Array[]; run(bytes: Uint8Array): void }

const seeds: Uint8Array[] = Object.values(SAMPLES)
const target = (name: string, run: (bytes: Uint8Array) => unknown): FuzzTarget => ({ name, seeds, run })

export const FUZZ_TARGETS: FuzzTarget[] = [
  ...[...VIDEO_CODECS, ...AUDIO_CODECS].flatMap((codec) => [
    target(`codecs/${codec} config`, (bytes) => describeConfig(codec, bytes)),
    target(`codecs/${codec} frame`, (bytes) => describeFirstFrame(codec, bytes)),
  ]),
  ...VIDEO_CODECS.flatMap((codec) => [
    target(`codecs/${codec} keyframe`, (bytes) => isKeyframe(codec, bytes)),
    target(`codecs/${codec} track`, (bytes) => videoTrack(1, codec, bytes)),
    target(`codecs/${codec} captions`, (bytes) => new CaptionServices().see(codec, bytes)),
  ]),
  ...AUDIO_CODECS.flatMap((codec) => [
    target(`codecs/${codec} samples`, (bytes) => frameSampleCount(codec, bytes, SAMPLES.aacLc44100Stereo)),
    target(`codecs/${codec} track`, (bytes) => audioTrack(2, codec, bytes)),
  ]),
  target('codecs/h264 sps', readH264Sps),
  target('codecs/h264 build', (bytes) => buildAvcDecoderConfiguration([bytes], [SAMPLES.h264Pps])),
  target('codecs/h265 build', (bytes) => buildHevcDecoderConfiguration([bytes])),
  target('codecs/nal', (bytes) => [annexBToLengthPrefixed(bytes), splitLengthPrefixed(bytes)]),
  target('codecs/av1 obus', (bytes) => [readObus(bytes), toCanonicalTemporalUnit(bytes)]),
  target('codecs/aac adts', (bytes) => [rawDataBlocks(bytes, readAdtsHeader(bytes)), splitAdtsFrames(bytes)]),
  target('codecs/ac3 syncframes', readSyncframes),
  target('codecs/opus', (bytes) => [opusSampleCount(bytes), opusHeadToDops(bytes)]),
]
