import { asList, asRecord, type JsonRecord, readCounts, readNumber, readText } from './read-json.ts'

export type TrackInfo = {
  readonly id: number
  readonly kind: 'video' | 'audio'
  /** Millrace's own name of the codec: `h264`, `aac`. */
  readonly codec: string
  /** RFC 6381, as `MediaSource.isTypeSupported` takes it. */
  readonly codecString: string | undefined
  readonly widthPx: number | undefined
  readonly heightPx: number | undefined
  readonly frameRate: number | undefined
  readonly sampleRateHz: number | undefined
  readonly channelCount: number | undefined
  readonly language: string | undefined
  readonly bitsPerSecond: number
  readonly framesPerSecond: number | undefined
}

export type PublisherInfo = {
  readonly protocol: string
  readonly remoteAddress: string | undefined
  readonly agent: string | undefined
}

export type StreamInfo = {
  readonly name: string
  /** `waiting`: the publisher is gone and has its grace time to come back. */
  readonly state: 'live' | 'waiting'
  readonly startedEpochMs: number | undefined
  readonly publisher: PublisherInfo | undefined
  readonly tracks: readonly TrackInfo[]
  readonly bitsPerSecond: number
  readonly viewers: { readonly total: number; readonly byProtocol: Readonly<Record<string, number>> }
  readonly receivedBytes: number
  readonly isRecording: boolean
}

/** Undefined where the value has no name. */
export function parseStream(value: unknown): StreamInfo | undefined {
  const record = asRecord(value)
  const name = readText(record, 'name')
  if (name === undefined) return undefined
  const tracks = parseTracks(record.tracks)
  return {
    name,
    state: record.state === 'waiting' ? 'waiting' : 'live',
    startedEpochMs: parseTime(readText(record, 'startedAt')),
    publisher: parsePublisher(asRecord(record.publisher)),
    tracks,
    bitsPerSecond: readNumber(record, 'bitsPerSecond') ?? tracks.reduce((sum, track) => sum + track.bitsPerSecond, 0),
    viewers: parseViewers(asRecord(record.viewers)),
    receivedBytes: readNumber(record, 'receivedBytes') ?? 0,
    isRecording: record.recording === true,
  }
}

export function parseTracks(value: unknown): TrackInfo[] {
  return asList(value).flatMap((item, index) => {
    const record = asRecord(item)
    const { kind } = record
    return kind === 'video' || kind === 'audio' ? [parseTrack(record, kind, index)] : []
  })
}

function parseTrack(record: JsonRecord, kind: TrackInfo['kind'], index: number): TrackInfo {
  return {
    id: readNumber(record, 'id') ?? index + 1,
    kind,
    codec: readText(record, 'codec') ?? 'unknown',
    codecString: readText(record, 'codecString'),
    widthPx: readNumber(record, 'widthPx'),
    heightPx: readNumber(record, 'heightPx'),
    frameRate: readNumber(record, 'frameRate'),
    sampleRateHz: readNumber(record, 'sampleRateHz'),
    channelCount: readNumber(record, 'channelCount'),
    language: readText(record, 'language'),
    bitsPerSecond: readNumber(record, 'bitsPerSecond') ?? 0,
    framesPerSecond: readNumber(record, 'framesPerSecond'),
  }
}

function parsePublisher(record: JsonRecord): PublisherInfo | undefined {
  const protocol = readText(record, 'protocol')
  if (protocol === undefined) return undefined
  return { protocol, remoteAddress: readText(record, 'remoteAddress'), agent: readText(record, 'agent') }
}

function parseViewers(record: JsonRecord): StreamInfo['viewers'] {
  const byProtocol = readCounts('byProtocol' in record ? record.byProtocol : record)
  const sum = Object.values(byProtocol).reduce((total, count) => total + count, 0)
  return { total: 'byProtocol' in record ? (readNumber(record, 'total') ?? sum) : sum, byProtocol }
}

export function parseTime(text: string | undefined): number | undefined {
  const epochMs = text === undefined ? Number.NaN : Date.parse(text)
  return Number.isNaN(epochMs) ? undefined : epochMs
}
