import { asRecord, readNumber, readText } from './read-json.ts'
import { parseTime, parseTracks, type TrackInfo } from './stream-info.ts'

export type RecordingInfo = {
  readonly id: string
  readonly stream: string
  readonly startedEpochMs: number | undefined
  readonly durationSeconds: number
  readonly byteLength: number
  /** Still being written. */
  readonly isOpen: boolean
  /** A rung of the ladder of that stream, which its recording plays with. */
  readonly renditionOf: string | undefined
  readonly tracks: readonly TrackInfo[]
  readonly hlsUrl: string
  readonly mp4Url: string
}

/** Undefined where the value has no id. */
export function parseRecording(value: unknown): RecordingInfo | undefined {
  const record = asRecord(value)
  const id = readText(record, 'id')
  if (id === undefined) return undefined
  return {
    id,
    stream: readText(record, 'stream') ?? id,
    startedEpochMs: parseTime(readText(record, 'startedAt')),
    durationSeconds: readNumber(record, 'durationSeconds') ?? 0,
    byteLength: readNumber(record, 'byteLength') ?? 0,
    isOpen: record.isOpen === true,
    renditionOf: readText(record, 'renditionOf'),
    tracks: parseTracks(record.tracks),
    hlsUrl: readText(record, 'hlsUrl') ?? `/vod/${id}/index.m3u8`,
    mp4Url: readText(record, 'mp4Url') ?? `/vod/${id}.mp4`,
  }
}
