import { chooseEncoding, isKnownToClient, type ListEncoding, type ListText } from '../../../platform/content/index.ts'
import { AccessDeniedError } from '../../../platform/errors.ts'
import {
  type GrowingSegment,
  parseSegmentedResource,
  type SegmentedAnswer,
  type SegmentedResource,
} from '../../delivery/index.ts'
import { UTC_QUERY } from '../../packaging/index.ts'
import { type ByteRange, parseByteRange, type VodTarget } from '../../recording/index.ts'
import type { ListenerContext } from '../context.ts'
import { readCmcd } from './cmcd.ts'
import { byteLengthOf, type Exchange, type ResponseHeaders, type WholeAnswer } from './exchange.ts'
import { CORS } from './respond.ts'

const LIST_TYPES = { m3u8: 'application/vnd.apple.mpegurl', mpd: 'application/dash+xml' } as const
/** What `?from=`, `?to=` and `?at=` can be asked of. */
export const LISTS_OF_THE_PAST: ReadonlySet<string> = new Set(['multivariant', 'playlist', 'manifest', 'tiles'])
const SEGMENT_TYPE = 'video/iso.segment'
const FOR_EVER = 'public, max-age=31536000, immutable'

export type SegmentedTarget = {
  readonly name: string
  readonly file: string
  readonly resource: SegmentedResource
  readonly query: URLSearchParams
}

/** Throws AccessDeniedError for a file that no stream has. */
export function segmentedTarget(name: string, file: string, query: URLSearchParams): SegmentedTarget {
  const resource = parseSegmentedResource(file)
  if (!resource) throw new AccessDeniedError('no such file in a stream', 'not-found')
  return { name, file, resource, query }
}

/**
 * HLS and DASH: lists, initialization segments, segments and their parts. What it resolves with is a file of a
 * recording: it is then that which has to be sent.
 */
export async function serveSegmented(
  context: ListenerContext,
  exchange: Exchange,
  target: SegmentedTarget,
): Promise<VodTarget | undefined> {
  return serveNow(context, exchange, target) ? undefined : await serveLater(context, exchange, target)
}

/** False where something has to be waited for. */
export function serveNow({ segmented }: ListenerContext, exchange: Exchange, target: SegmentedTarget): boolean {
  const answer = segmented.answerNow(target.name, target.resource, target.query)
  if (!answer) return false
  if (answer.kind === 'media') segmented.audience.seen(target.name, viewerOf(exchange, target.query), unitOf(target))
  segmented.sentBytes += sendNow(exchange, target, answer)
  return true
}

/** As `serveSegmented`. */
export async function serveLater(
  { segmented }: ListenerContext,
  exchange: Exchange,
  target: SegmentedTarget,
): Promise<VodTarget | undefined> {
  const { name, resource, query } = target
  const { signal } = exchange
  const viewer = () => viewerOf(exchange, query)
  const answer = await segmented.answer(name, resource, { query, signal, viewer })
  if (signal.aborted) {
    if (answer.kind === 'media') answer.held.done()
    return undefined
  }
  if (answer.kind === 'growing') segmented.audience.seen(name, viewer(), 'parts')
  else if (answer.kind === 'media' || answer.kind === 'ts' || answer.kind === 'recorded')
    segmented.audience.seen(name, viewer(), unitOf(target))
  if (answer.kind === 'recorded') return answer
  segmented.sentBytes +=
    answer.kind === 'growing' ? await sendGrowing(exchange, target, answer.segment) : sendNow(exchange, target, answer)
  return undefined
}

function unitOf({ resource }: SegmentedTarget): 'segments' | 'parts' {
  return resource.kind === 'part' ? 'parts' : 'segments'
}

/** CTA-5004, `sid`. */
const MAX_SESSION_ID = 64
/** What tells browsers apart comes first. */
const MAX_AGENT = 256

/** A player that says its session (CMCD) is known by it; else address and agent stand for it. */
function viewerOf({ headers, remoteAddress }: Exchange, query: URLSearchParams): string {
  const sessionId = readCmcd(query, headers).get('sid')
  return typeof sessionId === 'string' && sessionId !== '' && sessionId.length <= MAX_SESSION_ID
    ? `cmcd ${sessionId}`
    : `${remoteAddress} ${headers['user-agent']?.slice(0, MAX_AGENT) ?? ''}`
}

type ReadyAnswer = Exclude<SegmentedAnswer, { kind: 'recorded' } | { kind: 'growing' }>

/** Returns the number of bytes of media. */
function sendNow(exchange: Exchange, target: SegmentedTarget, answer: ReadyAnswer): number {
  if (answer.kind === 'init') return sendMedia(exchange, target, { views: [answer.bytes], contentType: 'video/mp4' })
  if (answer.kind === 'made') return sendMedia(exchange, target, { views: [answer.bytes], contentType: SEGMENT_TYPE })
  if (answer.kind === 'media') {
    const { views } = answer.held
    // The log is held until the socket has taken everything or is gone.
    return sendMedia(exchange, target, { views, contentType: SEGMENT_TYPE }, () => answer.held.done())
  }
  if (answer.kind === 'ts') return sendMedia(exchange, target, { views: [answer.bytes], contentType: 'video/mp2t' })
  if (answer.kind === 'passing') exchange.send(passingAnswer(answer.bytes))
  else if (answer.kind === 'moved') exchange.send(movedAnswer(answer.file))
  else exchange.send(answer.kind === 'list' ? listAnswer(exchange, answer) : clockAnswer())
  return 0
}

/** Media are known by their address, for what it names never changes. */
function mediaHeaders(contentType: string, { file }: SegmentedTarget): ResponseHeaders {
  return {
    ...CORS,
    'Content-Type': contentType,
    'Cache-Control': FOR_EVER,
    ETag: `"${file}"`,
    'Accept-Ranges': 'bytes',
  }
}

/** Everybody who asks for a list in the same words gets the same answer. */
const LIST_ANSWERS = new WeakMap<ListText, Map<string, WholeAnswer>>()

type List = { readonly list: ListText; readonly maxAgeSeconds: number }

function listAnswer({ headers }: Exchange, { list, maxAgeSeconds }: List): WholeAnswer {
  const form = isKnownToClient(headers, list.etag) ? 'known' : (chooseEncoding(headers) ?? 'plain')
  const key = `${form} ${maxAgeSeconds}`
  const answers = LIST_ANSWERS.get(list) ?? new Map<string, WholeAnswer>()
  LIST_ANSWERS.set(list, answers)
  const answer = answers.get(key) ?? makeListAnswer({ list, maxAgeSeconds }, form)
  answers.set(key, answer)
  return answer
}
function makeListAnswer({ list, maxAgeSeconds }: List, form: 'known' | 'plain' | ListEncoding): WholeAnswer {
  const headers = {
    ...CORS,
    'Content-Type': LIST_TYPES[list.text.startsWith('#EXTM3U') ? 'm3u8' : 'mpd'],
    'Cache-Control': maxAgeSeconds > 0 ? `max-age=${maxAgeSeconds}` : 'no-cache',
    Vary: 'Accept-Encoding',
    ETag: `W/${list.etag}`,
  }
  if (form === 'known') return { status: 304, headers, body: [], shared: 'whole' }
  if (form === 'plain') return { status: 200, headers, body: [list.bytes], shared: 'whole' }
  return { status: 200, headers: { ...headers, 'Content-Encoding': form }, body: [list.encoded(form)], shared: 'whole' }
}

/** Whether an MPD is asked for the time of the server, by what its UTCTiming says. */
export function isClock(file: string, query: URLSearchParams): boolean {
  return file === 'manifest.mpd' && query.has(UTC_QUERY)
}
export function serveClock(exchange: Exchange): void {
  exchange.send(clockAnswer())
}

/** UTCTiming of MPDs: an xs:dateTime. ISO/IEC 23009-1, 5.8.4.11. */
function clockAnswer(): WholeAnswer {
  const headers = { ...CORS, 'Content-Type': 'text/plain', 'Cache-Control': 'no-store' }
  return { status: 200, headers, body: [Buffer.from(new Date().toISOString())] }
}

function passingAnswer(bytes: Uint8Array): WholeAnswer {
  return { status: 200, headers: { ...CORS, 'Content-Type': SEGMENT_TYPE, 'Cache-Control': 'no-store' }, body: [bytes] }
}

/** RFC 9110, 15.4.8. */
function movedAnswer(file: string): WholeAnswer {
  return { status: 307, headers: { ...CORS, Location: file, 'Cache-Control': 'no-store' }, body: [] }
}

type Media = { readonly views: readonly Uint8Array[]; readonly contentType: string }

/** By the views that all who get the same at the same time have in common. */
const MEDIA_ANSWERS = new WeakMap<readonly Uint8Array[], { readonly file: string; readonly answer: WholeAnswer }>()

function mediaAnswer(target: SegmentedTarget, { views, contentType }: Media): WholeAnswer {
  const known = MEDIA_ANSWERS.get(views)
  if (known?.file === target.file) return known.answer
  const answer: WholeAnswer = { status: 200, headers: mediaHeaders(contentType, target), body: views, shared: 'head' }
  MEDIA_ANSWERS.set(views, { file: target.file, answer })
  return answer
}

/** 200, 206, 304 or 416. RFC 9110, 14.2. */
function sendMedia(exchange: Exchange, target: SegmentedTarget, media: Media, onDone?: () => void): number {
  const { views, contentType } = media
  const totalBytes = byteLengthOf(views)
  const isKnown = isKnownToClient(exchange.headers, `"${target.file}"`)
  const range = parseByteRange(exchange.headers.range, totalBytes)
  if (!isKnown && !range) {
    exchange.send(mediaAnswer(target, media), onDone)
    return exchange.isHead ? 0 : totalBytes
  }
  const headers = mediaHeaders(contentType, target)
  if (isKnown || !range || range === 'unsatisfiable') {
    const fields = isKnown ? headers : { ...headers, 'Content-Range': `bytes */${totalBytes}` }
    exchange.send({ status: isKnown ? 304 : 416, headers: fields, body: [] }, onDone)
    return 0
  }
  const contentRange = { 'Content-Range': `bytes ${range.from}-${range.to - 1}/${totalBytes}` }
  exchange.send({ status: 206, headers: { ...headers, ...contentRange }, body: slices(views, range) }, onDone)
  return exchange.isHead ? 0 : range.to - range.from
}

function slices(parts: readonly Uint8Array[], { from, to }: ByteRange): Uint8Array[] {
  let at = 0
  return parts.flatMap((part) => {
    const [start, end] = [Math.max(0, from - at), Math.min(part.length, to - at)]
    at += part.length
    return start < end ? [part.subarray(start, end)] : []
  })
}

/** Chunk by chunk as they are made. A segment that breaks off breaks the connection: nobody keeps half of it. */
async function sendGrowing(exchange: Exchange, target: SegmentedTarget, segment: GrowingSegment): Promise<number> {
  const { signal, isHead } = exchange
  exchange.begin(200, mediaHeaders(SEGMENT_TYPE, target))
  let sentBytes = 0
  for (;;) {
    const held = isHead ? 'end' : await segment.next(signal)
    if (held === 'lost') exchange.destroy()
    if (held === 'end') exchange.end()
    if (held === 'lost' || held === 'end') return sentBytes
    sentBytes += held.byteLength
    await exchange.write(held.views)
    held.done()
  }
}
