import { Fmp4Demuxer } from '../../../../media/formats/mp4/index.ts'
import { TsMuxer } from '../../../../media/formats/mpegts/index.ts'
import type { Frame, Track } from '../../../../media/model/index.ts'

/** One track of a segment: its initialization segment and its chunks. */
export type TrackBytes = { readonly init: Uint8Array; readonly chunks: readonly Uint8Array[] }

/** Room in front of time 0, for the PCR and for pictures that are decoded before: 10 s at 90 kHz. */
const TIME_OFFSET_TICKS = 900_000

type Timed = { readonly frame: Frame; readonly seconds: number }

/**
 * The CMAF segments of one number as one MPEG-TS segment, the same bytes whoever makes it. ISO/IEC 13818-1;
 * RFC 8216bis, 3.1.1. Throws UnsupportedInputError where MPEG-TS can carry none of the tracks.
 */
export function tsSegment(tracks: readonly TrackBytes[], sequence: number): Uint8Array {
  const muxer = new TsMuxer({ timeOffsetTicks: TIME_OFFSET_TICKS, segmentNumber: sequence })
  const found: Track[] = []
  const frames = tracks.flatMap((track) => framesOf(track, found))
  muxer.setTracks(found)
  const bytes = frames
    .toSorted((a, b) => a.seconds - b.seconds)
    .flatMap(({ frame }) => muxer.frame(frame).map((part) => part.slice()))
  return Buffer.concat(bytes)
}

/** In decoding order; `found` gets the track. */
function framesOf({ init, chunks }: TrackBytes, found: Track[]): Timed[] {
  const frames: Timed[] = []
  let clockRateHz = 1
  const demuxer = new Fmp4Demuxer({
    onTrack: (track) => {
      found.push(track)
      clockRateHz = track.clockRateHz
    },
    onFrame: (frame) => {
      frames.push({ frame: { ...frame, data: frame.data.slice() }, seconds: frame.dtsTicks / clockRateHz })
    },
  })
  for (const bytes of [init, ...chunks]) demuxer.push(bytes)
  return frames
}
