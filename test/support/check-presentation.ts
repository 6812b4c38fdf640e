import { checkMpd } from '../../src/media/formats/dash/testing/check-mpd.ts'
import { readMpd } from '../../src/media/formats/dash/testing/read-mpd.ts'
import { type HlsMediaPlaylist, type HlsSegment, parseMediaPlaylist } from '../../src/media/formats/hls/index.ts'
import { checkPlaylist } from '../../src/media/formats/hls/testing/check-playlist.ts'
import { readInitSegment } from '../../src/media/formats/mp4/index.ts'
import { type CmafFacts, checkInit, checkSegment } from '../../src/media/formats/mp4/testing/check-cmaf.ts'

/** Bytes at an address relative to the presentation's folder. */
export type Fetch = (uri: string) => Promise<Buffer>

type Variant = { readonly uri: string; readonly codecs: readonly string[]; readonly bandwidthBps: number }
type CheckedSegment = {
  readonly entry: HlsSegment
  readonly facts: CmafFacts
  readonly byteLength: number
  /** It starts when there was something again. */
  readonly isBehindGap: boolean
}
type Track = {
  readonly uri: string
  readonly playlist: HlsMediaPlaylist
  readonly segments: readonly CheckedSegment[]
  readonly codec: string
}

/**
 * Fetches a whole HLS presentation (and its MPD, where `mpd` names one) and checks texts and boxes against each other.
 * Every problem is `place: name (clause): what`; none for a good one. `hasTiles`: its pictures decode, so that there are some.
 */
export async function checkPresentation(
  fetch: Fetch,
  mpd?: string,
  { hasTiles = false }: { readonly hasTiles?: boolean } = {},
): Promise<string[]> {
  const multivariant = (await fetch('index.m3u8')).toString()
  const variants = readVariants(multivariant)
  const renditions = [...multivariant.matchAll(/^#EXT-X-MEDIA:.*URI="([^"]+)"/gm)].map(([, uri]) => uri ?? '')
  const problems = checkPlaylist(multivariant).map((problem) => `index.m3u8: ${problem}`)
  const tracks: Track[] = []
  for (const uri of new Set([...variants.map((variant) => variant.uri), ...renditions])) {
    const { track, problems: found } = await checkTrack(fetch, uri)
    tracks.push(track)
    problems.push(...found.map((problem) => `${uri}: ${problem}`))
  }
  problems.push(...checkVariants(variants, tracks), ...checkAlignment(tracks))
  for (const [line, uri = ''] of multivariant.matchAll(/^#EXT-X-(?:IMAGE|I-FRAME)-STREAM-INF:.*URI="([^"]+)".*$/gm)) {
    const bandwidthBps = Number(/[:,]BANDWIDTH=(\d+)/.exec(line)?.[1])
    const isFetched = hasTiles || line.startsWith('#EXT-X-I-FRAME')
    const found = await checkPictures(fetch, uri, isFetched ? bandwidthBps : undefined)
    problems.push(...found.map((problem) => `${uri}: ${problem}`))
  }
  if (mpd !== undefined) problems.push(...(await checkManifest(fetch, mpd)).map((problem) => `${mpd}: ${problem}`))
  return problems
}

function readVariants(text: string): Variant[] {
  return [...text.matchAll(/^#EXT-X-STREAM-INF:(.*)\n(.+)$/gm)].map(([, attributes = '', uri = '']) => ({
    uri,
    codecs: (/CODECS="([^"]*)"/.exec(attributes)?.[1] ?? '').split(','),
    bandwidthBps: Number(/(?:^|,)BANDWIDTH=(\d+)/.exec(attributes)?.[1]),
  }))
}

async function checkTrack(fetch: Fetch, uri: string): Promise<{ track: Track; problems: string[] }> {
  const text = (await fetch(uri)).toString()
  const problems = checkPlaylist(text)
  const playlist = parseMediaPlaylist(text)
  const folder = uri.slice(0, uri.lastIndexOf('/') + 1)
  const inits = new Map<string, Buffer>()
  const segments: CheckedSegment[] = []
  for (const [at, entry] of playlist.segments.entries()) {
    if (entry.gap) continue
    const mapUri = entry.map?.uri ?? ''
    const init = inits.get(mapUri) ?? (await fetch(folder + mapUri))
    if (!inits.has(mapUri)) problems.push(...checkInit(init))
    inits.set(mapUri, init)
    const bytes = await fetch(folder + entry.uri)
    const facts = checkSegment(init, bytes)
    const isBehindGap = playlist.segments[at - 1]?.gap === true
    problems.push(
      ...facts.problems,
      ...checkEntry(entry, facts, isBehindGap ? undefined : segments.at(-1)),
      ...(await checkParts(fetch, folder, entry, bytes)),
    )
    segments.push({ entry, facts, byteLength: bytes.length, isBehindGap })
  }
  const [init] = inits.values()
  const codec = init ? (readInitSegment(init)[0]?.codecString ?? '') : ''
  return { track: { uri, playlist, segments, codec }, problems }
}

/** Tiles, or keyframes: each against the bandwidth that is declared of all, where there is one. */
async function checkPictures(fetch: Fetch, uri: string, bandwidthBps: number | undefined): Promise<string[]> {
  const text = (await fetch(uri)).toString()
  const folder = uri.slice(0, uri.lastIndexOf('/') + 1)
  const problems = checkPlaylist(text)
  if (bandwidthBps === undefined) return problems
  for (const { uri: file, byteRange, durationMs } of parseMediaPlaylist(text).segments) {
    const byteLength = byteRange?.lengthBytes ?? (await fetch(folder + file)).length
    const bitsPerSecond = (byteLength * 8 * 1000) / durationMs
    if (bitsPerSecond > bandwidthBps)
      problems.push(`${file}: bandwidth (4.4.6.3): ${bandwidthBps} for ${bitsPerSecond}`)
  }
  return problems
}

function checkEntry(entry: HlsSegment, facts: CmafFacts, before: CheckedSegment | undefined): string[] {
  const { decodeTicks, durationTicks, timescaleHz, isIndependent } = facts
  const durationMs = (durationTicks * 1000) / timescaleHz
  const expected = before && before.facts.decodeTicks + before.facts.durationTicks
  const isContinuous = entry.discontinuity || expected === undefined || decodeTicks === expected
  const firstPart = entry.parts?.[0]
  const RULES: readonly (readonly [boolean, string])[] = [
    [Math.abs(durationMs - entry.durationMs) <= 0.02, `extinf (4.4.4.1): ${entry.durationMs} of ${durationMs} ms`],
    [isContinuous, `timeline-continuity (14496-12, 8.8.12): ${decodeTicks}, not ${expected}`],
    [!firstPart || firstPart.independent === isIndependent, 'part-independent (4.4.4.9)'],
  ]
  return RULES.filter(([holds]) => !holds).map(([, problem]) => `${entry.uri}: ${problem}`)
}

async function checkParts(fetch: Fetch, folder: string, entry: HlsSegment, bytes: Buffer): Promise<string[]> {
  if (!entry.parts) return []
  const parts = await Promise.all(entry.parts.map((part) => fetch(folder + part.uri)))
  return Buffer.concat(parts).equals(bytes) ? [] : [`${entry.uri}: parts-are-segment (4.4.4.9)`]
}

function checkVariants(variants: readonly Variant[], tracks: readonly Track[]): string[] {
  return variants.flatMap(({ uri, codecs, bandwidthBps }) => {
    const track = tracks.find((each) => each.uri === uri)
    if (!track) return [`${uri}: variant-playlist (4.4.6.2): missing`]
    const peakBps = peakOf(track)
    return [
      ...(codecs.includes(track.codec) ? [] : [`${uri}: codecs-of-config (4.4.6.2): ${codecs}, not ${track.codec}`]),
      ...(bandwidthBps >= peakBps * 0.9 ? [] : [`${uri}: bandwidth (4.4.6.2): ${bandwidthBps} for ${peakBps}`]),
    ]
  })
}

/**
 * Of every run of segments between half and one and a half times the longest: a short one is judged with its neighbours.
 * RFC 8216bis, 4.1.
 */
function peakOf({ segments }: Track): number {
  const sizes = segments.map(({ byteLength, facts }) => ({
    bits: byteLength * 8,
    seconds: facts.durationTicks / facts.timescaleHz,
  }))
  const longest = Math.max(...sizes.map(({ seconds }) => seconds))
  const runs = sizes.flatMap((_, from) => sizes.slice(from).map((_, more) => sizes.slice(from, from + more + 1)))
  const rates = runs.flatMap((run) => {
    const seconds = run.reduce((sum, each) => sum + each.seconds, 0)
    const bits = run.reduce((sum, each) => sum + each.bits, 0)
    return seconds >= longest / 2 && seconds <= longest * 1.5 ? [bits / seconds] : []
  })
  return Math.max(...rates)
}

/** Lists of recordings begin with 0, wherever a rung began. */
function numberOf({ uri }: HlsSegment): number | undefined {
  const number = /-(\d+)\.m4s$/.exec(uri)?.[1]
  return number === undefined ? undefined : Number(number)
}

/** Segments of one number start at the same time in every track, but for one frame. */
function checkAlignment(tracks: readonly Track[]): string[] {
  const startsMs = tracks.map(({ playlist, segments }) => {
    const numbers = playlist.segments.map(
      (entry, at) => [entry, numberOf(entry) ?? playlist.mediaSequence + at] as const,
    )
    return new Map(
      segments
        .filter(({ isBehindGap }) => !isBehindGap)
        .map(({ entry, facts }) => [
          numbers.find(([each]) => each === entry)?.[1],
          (facts.startTicks * 1000) / facts.timescaleHz,
        ]),
    )
  })
  const [reference, ...others] = startsMs
  return others.flatMap((starts, at) =>
    [...starts].flatMap(([number, startMs]) => {
      const expectedMs = reference?.get(number)
      const isAligned = expectedMs === undefined || Math.abs(startMs - expectedMs) < 100
      return isAligned
        ? []
        : [`${tracks[at + 1]?.uri}: alignment: segment ${number} at ${startMs}, not ${expectedMs} ms`]
    }),
  )
}

async function checkManifest(fetch: Fetch, uri: string): Promise<string[]> {
  const text = (await fetch(uri)).toString()
  const problems = checkMpd(text)
  for (const { representations } of readMpd(text).periods) {
    for (const { id, initUri, segments, codecs } of representations) {
      const init = await fetch(initUri)
      const [track] = readInitSegment(init)
      if (track?.codecString !== codecs) problems.push(`${id}: codecs-of-config (5.3.7.2): ${codecs}`)
      for (const segment of segments) {
        const facts = checkSegment(init, await fetch(segment.uri))
        const isExact = facts.startTicks === segment.startTicks && facts.durationTicks === segment.durationTicks
        if (!isExact)
          problems.push(
            `${segment.uri}: timeline-to-the-tick (5.3.9.6): ${segment.startTicks}+${segment.durationTicks}, not ${facts.startTicks}+${facts.durationTicks}`,
          )
      }
    }
  }
  return problems
}
