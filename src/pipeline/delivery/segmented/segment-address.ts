import { TILE_PLAYLIST } from '../../packaging/index.ts'

/**
 * Addresses below a stream's folder. HLS and DASH name the same files. The life of the output keeps caches of an earlier
 * life of the same stream name apart, so that media never change behind an address.
 */
export function trackPlaylistUri(trackId: number): string {
  return `t${trackId}.m3u8`
}
export function iFramePlaylistUri(trackId: number): string {
  return `t${trackId}-iframes.m3u8`
}
export function initUri(life: string, trackId: number, initId: number): string {
  return `t${trackId}-${life}-init${initId}.m4s`
}
/**
 * Stands for the life that a stream has when it is asked for: of a rendition that does not run when it is listed. Such
 * an address leads to the real one.
 */
export const NEXT_LIFE = 'next'

/** `$Number$` instead of a number makes a template of ISO/IEC 23009-1, 5.3.9.4.4. */
export function segmentUri(life: string, trackId: number, sequence: number | '$Number$'): string {
  return `t${trackId}-${life}-${sequence}.m4s`
}
/**
 * The segment that starts nearest to a time on the line of the stream, in `$Time$` of ISO/IEC 23009-1, 5.3.9.4.4: of a
 * rendition whose numbers nobody knows yet.
 */
export function timedUri(life: string, trackId: number, clockRateHz: number): string {
  return `t${trackId}-${life}-at$Time$.${clockRateHz}.m4s`
}
/** The keyframe of a segment, as a segment: see writeKeyFragment. */
export function keyUri(life: string, trackId: number, sequence: number | '$Number$'): string {
  return `t${trackId}-${life}-key${sequence}.m4s`
}
export function partUri(life: string, trackId: number, sequence: number, index: number): string {
  return `t${trackId}-${life}-${sequence}.${index}.m4s`
}

/** Lists of MPEG-TS segments, for players that know no others: of one stream, and of its ladder. */
export const TS_PLAYLIST = 'ts.m3u8'
export const TS_MULTIVARIANT = 'index-ts.m3u8'
export function tsSegmentUri(life: string, sequence: number): string {
  return `ts-${life}-${sequence}.ts`
}

/** From the folder of a stream to that of a recording. */
export function recordingFolder(name: string, recordingId: string): string {
  return `${'../'.repeat(name.split('/').length)}vod/${recordingId}/`
}

/** The same segment below `/vod/ID/`. */
export function recordedFile(trackId: number, sequence: number): string {
  return `t${trackId}-${sequence}.m4s`
}
export function recordedKeyFile(trackId: number, sequence: number): string {
  return `t${trackId}-key${sequence}.m4s`
}

export type ListResource =
  | { readonly kind: 'multivariant' }
  | { readonly kind: 'playlist'; readonly trackId: number }
  | { readonly kind: 'i-frames'; readonly trackId: number }
  | { readonly kind: 'manifest' }
  | { readonly kind: 'ts-playlist' }
  | { readonly kind: 'ts-multivariant' }
  | { readonly kind: 'tiles' }

export type MediaResource = Exclude<TrackMedia, { kind: 'timed' }>
/** With times that stand for segments. */
export type TrackMedia = { readonly trackId: number; readonly life: string } & (
  | { readonly kind: 'init'; readonly initId: number }
  | { readonly kind: 'segment'; readonly sequence: number }
  | { readonly kind: 'timed'; readonly startMs: number }
  | { readonly kind: 'key'; readonly sequence: number }
  | { readonly kind: 'part'; readonly sequence: number; readonly index: number }
)

export type TsResource = { readonly kind: 'ts-segment'; readonly life: string; readonly sequence: number }

export type SegmentedResource = ListResource | TrackMedia | TsResource

const MEDIA_KINDS: ReadonlySet<string> = new Set(['init', 'timed', 'key', 'segment', 'part', 'ts-segment'])

export function isList(resource: SegmentedResource): resource is ListResource {
  return !MEDIA_KINDS.has(resource.kind)
}

/** The address of what `parseSegmentedResource` has read. */
export function mediaUri(resource: MediaResource): string {
  const { life, trackId } = resource
  if (resource.kind === 'init') return initUri(life, trackId, resource.initId)
  if (resource.kind === 'segment') return segmentUri(life, trackId, resource.sequence)
  if (resource.kind === 'key') return keyUri(life, trackId, resource.sequence)
  return partUri(life, trackId, resource.sequence, resource.index)
}

const MEDIA =
  /^t(\d{1,5})-([0-9a-z]{1,12})-(?:init(\d{1,12})|at(\d{1,15})\.(\d{1,9})|key(\d{1,12})|(\d{1,12})(?:\.(\d{1,5}))?)\.m4s$/
const TS_SEGMENT = /^ts-([0-9a-z]{1,12})-(\d{1,12})\.ts$/
const PLAYLIST = /^t(\d{1,5})(-iframes)?\.m3u8$/

/** What a file name below a stream's folder asks for; undefined where it is none of ours. */
export function parseSegmentedResource(file: string): SegmentedResource | undefined {
  if (file === 'index.m3u8') return { kind: 'multivariant' }
  if (file === 'manifest.mpd') return { kind: 'manifest' }
  if (file === TILE_PLAYLIST) return { kind: 'tiles' }
  if (file === TS_PLAYLIST) return { kind: 'ts-playlist' }
  if (file === TS_MULTIVARIANT) return { kind: 'ts-multivariant' }
  const [, tsLife, tsSequence] = TS_SEGMENT.exec(file) ?? []
  if (tsLife !== undefined) return { kind: 'ts-segment', life: tsLife, sequence: Number(tsSequence) }
  const playlist = PLAYLIST.exec(file)
  if (playlist) return { kind: playlist[2] ? 'i-frames' : 'playlist', trackId: Number(playlist[1]) }
  const [, track, life, init, time, clockRateHz, key, sequence, part] = MEDIA.exec(file) ?? []
  if (life === undefined) return undefined
  const place = { trackId: Number(track), life }
  if (init !== undefined) return { kind: 'init', ...place, initId: Number(init) }
  if (time !== undefined) return { kind: 'timed', ...place, startMs: (Number(time) * 1000) / Number(clockRateHz) }
  if (key !== undefined) return { kind: 'key', ...place, sequence: Number(key) }
  if (part === undefined) return { kind: 'segment', ...place, sequence: Number(sequence) }
  return { kind: 'part', ...place, sequence: Number(sequence), index: Number(part) }
}

/** Whether a file name looks like one of these; the stream's folder is what stands in front of it. */
export function isSegmentedFile(file: string): boolean {
  if ([TS_PLAYLIST, TS_MULTIVARIANT, TILE_PLAYLIST].includes(file) || TS_SEGMENT.test(file)) return true
  return file === 'index.m3u8' || file === 'manifest.mpd' || /^t\d+[-.].*(m3u8|m4s)$/.test(file)
}
