import type { MpdAdaptationSet, MpdRepresentation, MpdSegmentTemplate } from '../../../media/formats/dash/index.ts'
import { keyFragmentBytes } from '../../../media/formats/mp4/index.ts'
import { AUDIO_CODECS, VIDEO_CODECS } from '../../../media/model/index.ts'

/** Asked for beside the manifest, answers with the server's time. */
export const UTC_QUERY = 'utc'
/** ISO/IEC 23009-1, 5.8.4.11: the body is an xs:dateTime. */
export const UTC_TIMING = { schemeIdUri: 'urn:mpeg:dash:utc:http-xsdate:2014', value: `manifest.mpd?${UTC_QUERY}` }
/** Tracks of one run start up to this much before each other. */
export const NEARLY_MS = 500

const FOREIGN_SET_ID = 100
/** Of members with sound alone: one for each, by its name, whichever others are there. */
const SOUND_SET_ID = 10_000
const SOUND_SETS = 60_000
const CODECS: readonly string[] = [...AUDIO_CODECS, ...VIDEO_CODECS]
/** Of keyframes; no track has such a number, and foreign sets are far from it. */
const TRICK_SET_ID = 80_000
const MAX_PLAYOUT_RATE = 32

/** A track of a live stream or of a recording, as an MPD needs it. */
export type MpdTrack = {
  readonly kind: 'video' | 'audio'
  readonly codec: string
  /** RFC 6381. */
  readonly codecString: string
  readonly clockRateHz: number
  /** BCP 47. */
  readonly language?: string
  readonly widthPx?: number
  readonly heightPx?: number
  readonly frameRate?: number
  readonly sampleRateHz?: number
  readonly channelCount?: number
}

type SetFacts = Pick<MpdAdaptationSet, 'isMain' | 'startWithSap' | 'producerReferenceTime'> & {
  readonly trackId: number
  /** Name of the member of the ladder whose track it is, where the stream itself has none for it; else empty. */
  readonly of: string
}

/**
 * What players switch between: `track` is that of the first. Sets of members that the stream itself has no track for come
 * behind its own: one for each codec. ISO/IEC 23009-1, 5.3.3.
 */
export function adaptationSet(
  { trackId, of, ...facts }: SetFacts,
  { kind, codec, language }: MpdTrack,
  representations: readonly MpdRepresentation[],
): MpdAdaptationSet {
  return {
    id: setId(trackId, of, { kind, codec }),
    contentType: kind,
    ...(language === undefined ? {} : { lang: language }),
    ...facts,
    representations,
  }
}

function setId(trackId: number, of: string, { kind, codec }: Pick<MpdTrack, 'kind' | 'codec'>): number {
  if (of === '') return trackId
  if (kind === 'video') return trackId + FOREIGN_SET_ID * (1 + CODECS.indexOf(codec))
  const hash = [...of].reduce((sum, letter) => (sum * 31 + (letter.codePointAt(0) ?? 0)) % SOUND_SETS, 0)
  return SOUND_SET_ID + hash
}

/** ISO/IEC 23009-1, 5.3.5. */
export function representation(
  { codecString, widthPx, heightPx, frameRate, sampleRateHz, channelCount }: MpdTrack,
  facts: Pick<MpdRepresentation, 'id' | 'bandwidthBps' | 'template'>,
): MpdRepresentation {
  return {
    ...facts,
    codecs: codecString,
    ...(widthPx && heightPx ? { widthPx, heightPx } : {}),
    ...(frameRate === undefined ? {} : { frameRate }),
    ...(sampleRateHz === undefined ? {} : { audioSamplingRateHz: sampleRateHz }),
    ...(channelCount === undefined ? {} : { channelCount }),
  }
}

/** Of a segment: what its keyframe takes, and how long it is shown. */
export type KeySegment = {
  readonly keyframes: readonly { readonly sizeBytes: number }[]
  readonly durationTicks: number
}

/** The keyframes of the video of a set, from the same segments, for players that go fast. DASH-IF IOP, trickmode. */
export function trickSet(
  of: { readonly trackId: number; readonly clockRateHz: number; readonly main: MpdRepresentation },
  segments: readonly KeySegment[],
  template: MpdSegmentTemplate,
): MpdAdaptationSet {
  const { frameRate: _, ...shape } = of.main
  const bitsPerSecond = segments.map(
    ({ keyframes, durationTicks }) =>
      (keyFragmentBytes(keyframes[0]?.sizeBytes ?? 0) * 8 * of.clockRateHz) / Math.max(1, durationTicks),
  )
  const bandwidthBps = Math.max(1, ...bitsPerSecond)
  const keys = { ...shape, id: `${of.main.id}-keys`, bandwidthBps, maxPlayoutRate: MAX_PLAYOUT_RATE, template }
  return {
    id: TRICK_SET_ID + of.trackId,
    contentType: 'video',
    trickModeOf: of.trackId,
    startWithSap: 1,
    representations: [keys],
  }
}
