import type { CaptionServiceId } from '../../../media/codecs/captions/index.ts'
import type { CmafKeyframe } from '../../../media/formats/mp4/index.ts'
import type { AudioTrack, VideoTrack } from '../../../media/model/index.ts'

/** A track as a playlist needs it; the configuration record is in the initialization segment. */
export type CmafTrackInfo = Omit<VideoTrack, 'config'> | Omit<AudioTrack, 'config'>

/**
 * The CMAF log of a stream: what every worker, the recorder and the playlists know about its segments, in order.
 * Ticks are of the track's clock.
 */
export type CmafRecord =
  | { readonly type: 'tracks'; readonly tracks: readonly CmafTrackInfo[] }
  /** Payload: the initialization segment. */
  | { readonly type: 'init'; readonly trackId: number; readonly initId: number }
  /** Payload: moof and mdat. */
  | {
      readonly type: 'chunk'
      readonly trackId: number
      readonly sequence: number
      readonly initId: number
      readonly startTicks: number
      readonly durationTicks: number
      readonly isIndependent: boolean
      readonly isLast: boolean
      readonly discontinuity: boolean
      readonly byteLength: number
      /** Wall clock of the first sample. */
      readonly epochMs: number
    }
  | {
      readonly type: 'segment'
      readonly trackId: number
      readonly sequence: number
      readonly initId: number
      readonly startTicks: number
      readonly durationTicks: number
      readonly discontinuity: boolean
      readonly isIndependent: boolean
      readonly byteLength: number
      /** Wall clock of the first sample. */
      readonly epochMs: number
      /** The same in every segment: none is longer, rounded to seconds. */
      readonly targetSeconds: number
      /** Where key frames lie in the segment, for trick play. Video only. */
      readonly keyframes: readonly CmafKeyframe[]
      /** Closed captions that the track has carried so far. Video only, absent where there were none. */
      readonly captions?: readonly CaptionServiceId[]
    }
  | { readonly type: 'end' }

const HEADER_BYTES = 8

/** u32 bytes of JSON · u32 bytes of payload · JSON · payload. */
export function encodeCmafRecord(record: CmafRecord, payload: readonly Uint8Array[]): Uint8Array[] {
  const json = Buffer.from(JSON.stringify(record))
  const header = Buffer.alloc(HEADER_BYTES)
  header.writeUInt32LE(json.length, 0)
  header.writeUInt32LE(
    payload.reduce((sum, part) => sum + part.length, 0),
    4,
  )
  return [header, json, ...payload]
}

/** What a record's bytes are read from: a range of a log. */
export interface RecordSource {
  contiguous(from: number, to: number): Buffer
}

export type PlacedRecord = {
  readonly record: CmafRecord
  /** Where the payload lies in the log, and where the next record starts. */
  readonly payloadFrom: number
  readonly next: number
}

/** The record at `position`, or undefined while it has not arrived whole. */
export function decodeCmafRecord(source: RecordSource, position: number, head: number): PlacedRecord | undefined {
  if (position + HEADER_BYTES > head) return undefined
  const header = source.contiguous(position, position + HEADER_BYTES)
  const payloadFrom = position + HEADER_BYTES + header.readUInt32LE(0)
  const next = payloadFrom + header.readUInt32LE(4)
  if (next > head) return undefined
  const json = source.contiguous(position + HEADER_BYTES, payloadFrom)
  return { record: JSON.parse(json.toString()) as CmafRecord, payloadFrom, next }
}
