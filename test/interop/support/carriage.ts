import type { Reading } from './av-messages.ts'
import type { WayIn } from './publishers.ts'
import type { WayOut } from './ways-out.ts'

/** FFmpeg's name of a codec → why MPEG-TS does not carry it. docs/codec-registry.md, "Not carried". */
const NOT_IN_TS: Readonly<Record<string, string>> = {
  vp8: 'MPEG-TS has no mapping of VP8',
  vp9: 'MPEG-TS has no mapping of VP9',
  flac: 'MPEG-TS has no mapping of FLAC',
}

export function isTs(way: WayIn | WayOut): boolean {
  return /\bTS\b|\.ts$/.test(way)
}
export function isMillisecond(way: WayIn | WayOut): boolean {
  return /RTMP|FLV|\.flv$/.test(way)
}

/** The tracks of `reading` that get through, and why the others do not. */
export function carried(
  reading: Reading,
  ways: readonly (WayIn | WayOut)[],
): { readonly reading: Reading; readonly reasons: string[] } {
  if (!ways.some(isTs)) return { reading, reasons: [] }
  const tracks = reading.tracks.filter(({ codec }) => !Object.hasOwn(NOT_IN_TS, codec))
  const left = reading.tracks.filter(({ codec }) => Object.hasOwn(NOT_IN_TS, codec))
  return { reading: { tracks }, reasons: [...new Set(left.map(({ codec }) => NOT_IN_TS[codec] ?? ''))] }
}
