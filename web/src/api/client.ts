import { asList, asRecord, readNumber, readText } from './read-json.ts'
import { parseRecording, type RecordingInfo } from './recording-info.ts'
import { parseStream, type StreamInfo } from './stream-info.ts'

const TIMEOUT_MS = 8000

/** The server answered with an error (`status`), or did not answer at all (status 0). */
export class ApiError extends Error {
  override readonly name = 'ApiError'
  readonly status: number
  readonly code: string | undefined

  constructor(status: number, message: string, code?: string) {
    super(message)
    this.status = status
    this.code = code
  }
}

/** Where the server accepts what this page tells people to use. */
export type ServerInfo = { readonly rtmpPort: number }

export const DEFAULT_RTMP_PORT = 1935

export async function fetchStreams(signal: AbortSignal): Promise<StreamInfo[]> {
  const { streams } = asRecord(await getJson('/api/v1/streams', signal))
  return asList(streams)
    .flatMap((item) => parseStream(item) ?? [])
    .sort((a, b) => a.name.localeCompare(b.name))
}

/** Null while nobody publishes the stream. */
export async function fetchStream(name: string, signal: AbortSignal): Promise<StreamInfo | null> {
  try {
    return parseStream(await getJson(`/api/v1/streams/${name}`, signal)) ?? null
  } catch (error) {
    if (error instanceof ApiError && error.status === 404) return null
    throw error
  }
}

/** Newest first. */
export async function fetchRecordings(signal: AbortSignal): Promise<RecordingInfo[]> {
  const { recordings } = asRecord(await getJson('/api/v1/recordings', signal))
  return asList(recordings)
    .flatMap((item) => parseRecording(item) ?? [])
    .sort((a, b) => (b.startedEpochMs ?? 0) - (a.startedEpochMs ?? 0))
}

/** Falls back to the default ports where the server does not tell. */
export async function fetchServerInfo(signal: AbortSignal): Promise<ServerInfo> {
  try {
    const { listeners } = asRecord(await getJson('/api/v1/info', signal))
    const rtmp = asList(listeners)
      .map(asRecord)
      .find(({ listener }) => listener === 'rtmp')
    return { rtmpPort: (rtmp && readNumber(rtmp, 'port')) ?? DEFAULT_RTMP_PORT }
  } catch (error) {
    if (error instanceof ApiError && error.status !== 0) return { rtmpPort: DEFAULT_RTMP_PORT }
    throw error
  }
}

async function getJson(path: string, signal: AbortSignal): Promise<unknown> {
  const response = await request(path, AbortSignal.any([signal, AbortSignal.timeout(TIMEOUT_MS)]))
  const body = await response.text()
  if (!response.ok) throw toApiError(response.status, body)
  return parseJson(body, path)
}

async function request(path: string, signal: AbortSignal): Promise<Response> {
  try {
    return await fetch(path, { signal, headers: { accept: 'application/json' } })
  } catch (error) {
    if (error instanceof DOMException && error.name === 'AbortError') throw error
    throw new ApiError(0, 'The server does not answer.')
  }
}

function toApiError(status: number, body: string): ApiError {
  const error = asRecord(asRecord(tryParse(body)).error)
  return new ApiError(status, readText(error, 'message') ?? `The server answered ${status}.`, readText(error, 'code'))
}

function parseJson(body: string, path: string): unknown {
  const value = tryParse(body)
  if (value === undefined) throw new ApiError(502, `${path} did not answer with JSON.`)
  return value
}

function tryParse(text: string): unknown {
  try {
    return JSON.parse(text)
  } catch {
    return undefined
  }
}
