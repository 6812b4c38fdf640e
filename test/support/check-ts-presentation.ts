import { parseMediaPlaylist } from '../../src/media/formats/hls/index.ts'
import { checkPlaylist } from '../../src/media/formats/hls/testing/check-playlist.ts'
import { checkTsSegment, type TsCounters } from '../../src/media/formats/mpegts/testing/check-ts-segment.ts'
import { demuxed } from '../../src/media/formats/mpegts/testing/collect.ts'
import type { Fetch } from './check-presentation.ts'

/** One frame: the end of a segment is told by the start of its last frame. */
const FRAME_MS = 60

/** As `checkPresentation`, for the lists of MPEG-TS segments. */
export async function checkTsPresentation(fetch: Fetch): Promise<string[]> {
  const multivariant = (await fetch('index-ts.m3u8')).toString()
  const problems = checkPlaylist(multivariant)
  const uris = multivariant.split('\n').filter((line) => line !== '' && !line.startsWith('#'))
  if (uris.length === 0) problems.push('variants (4.4.6.2): none')
  for (const uri of uris) problems.push(...(await checkList(fetch, uri)).map((problem) => `${uri}: ${problem}`))
  return problems
}

async function checkList(fetch: Fetch, uri: string): Promise<string[]> {
  const text = (await fetch(uri)).toString()
  const problems = checkPlaylist(text)
  const folder = uri.slice(0, uri.lastIndexOf('/') + 1)
  const { segments } = parseMediaPlaylist(text)
  if (segments.length === 0) problems.push('segments (4.4.4.1): none')
  const counters: TsCounters = new Map()
  let expectedMs: number | undefined
  for (const { uri: file, durationMs, gap, discontinuity } of segments) {
    if (gap) continue
    const bytes = await fetch(folder + file)
    const { startMs, spanMs } = timesOf(bytes)
    const isLong = spanMs > durationMs + FRAME_MS || spanMs < durationMs - 2 * FRAME_MS
    const isLate = !discontinuity && expectedMs !== undefined && Math.abs(startMs - expectedMs) > 1
    expectedMs = startMs + durationMs
    problems.push(
      ...checkTsSegment(bytes, counters).map((problem) => `${file}: ${problem}`),
      ...(isLong ? [`${file}: extinf (4.4.4.1): ${spanMs} of ${durationMs} ms`] : []),
      ...(isLate ? [`${file}: timeline-continuity (6.3.3): ${startMs} ms`] : []),
    )
  }
  return problems
}

/** Of the video, or of the audio where there is none, by decoding time. */
function timesOf(bytes: Buffer): { readonly startMs: number; readonly spanMs: number } {
  const { tracks, frames } = demuxed(bytes)
  const leader = tracks.find(({ kind }) => kind === 'video') ?? tracks[0]
  const clockHz = leader?.clockRateHz ?? 1
  const times = frames
    .filter(({ trackId }) => trackId === leader?.id)
    .map(({ dtsTicks }) => (dtsTicks * 1000) / clockHz)
  const [first = 0] = times
  const last = times.at(-1) ?? first
  return { startMs: first, spanMs: last - first + (last - first) / Math.max(1, times.length - 1) }
}
