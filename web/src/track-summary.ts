import type { StreamInfo, TrackInfo } from './api/stream-info.ts'
import { formatCodec, formatFrameRate } from './format.ts'

export function firstTrack(tracks: readonly TrackInfo[], kind: TrackInfo['kind']): TrackInfo | undefined {
  return tracks.find((track) => track.kind === kind)
}

/** `1280 × 720`; undefined where a track has no picture or its size is not known yet. */
export function describeSize({ widthPx, heightPx }: TrackInfo): string | undefined {
  return widthPx && heightPx ? `${widthPx} × ${heightPx}` : undefined
}

/** `30 fps`: the rate that the stream declares, else the measured one rounded. */
export function describeFrameRate({ frameRate, framesPerSecond }: TrackInfo): string | undefined {
  if (frameRate) return `${formatFrameRate(frameRate)} fps`
  return framesPerSecond ? `${Math.round(framesPerSecond)} fps` : undefined
}

/** `48 kHz · stereo`. */
export function describeSound({ sampleRateHz, channelCount }: TrackInfo): string | undefined {
  const rate = sampleRateHz ? `${sampleRateHz / 1000} kHz` : undefined
  const layout = channelCount ? (LAYOUTS[channelCount] ?? `${channelCount} channels`) : undefined
  return [rate, layout].filter(Boolean).join(' · ') || undefined
}
const LAYOUTS: Readonly<Record<number, string>> = { 1: 'mono', 2: 'stereo', 6: '5.1', 8: '7.1' }

/** `H.264 + AAC`. */
export function describeCodecs(tracks: readonly TrackInfo[]): string {
  return [...new Set(tracks.map(({ codec }) => formatCodec(codec)))].join(' + ')
}

/** The codec strings of a stream for `isTypeSupported`; undefined where one is not known. */
export function codecStrings({ tracks }: StreamInfo): string[] | undefined {
  const strings = tracks.map(({ codecString }) => codecString)
  return strings.length > 0 && strings.every((text): text is string => text !== undefined) ? strings : undefined
}
