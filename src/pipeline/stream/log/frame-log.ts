import { plainBytes } from '../../../media/bytes/index.ts'
import { MalformedInputError } from '../../../media/errors.ts'
import type { Frame, MediaSink, Ticks, Track } from '../../../media/model/index.ts'
import type { LogReader } from './log-reader.ts'
import type { LogWriter } from './log-writer.ts'

/**
 * Frames as records in a log, so that any thread can read them. A record is a 40-byte header in the machine's byte
 * order followed by its payload:
 *   0 u32 payload bytes · 4 u16 kind · 6 u16 track · 8 f64 pts · 16 f64 dts · 24 f64 arrival (epoch ms) ·
 *   32 u32 duration · 36 u32 flags (1 = key)
 */
const HEADER_BYTES = 40
const KIND_FRAME = 1
const KIND_TRACK = 2
const FLAG_KEY = 1

/** What a frame log tells besides the frames themselves. */
export interface FrameLogSink extends MediaSink {
  /** Wall clock at arrival of the frame that follows, milliseconds since 1970. */
  onArrival(epochMs: number): void
}

type TrackJson = Omit<Track, 'config'> & { readonly config: string }

/** Tracks travel as JSON with the configuration record in base64: rare and small. */
export function encodeTracks(tracks: readonly Track[]): Uint8Array {
  const json = tracks.map((track) => ({ ...track, config: Buffer.from(track.config).toString('base64') }))
  return Buffer.from(JSON.stringify(json))
}
export function decodeTracks(bytes: Uint8Array): Track[] {
  const json = JSON.parse(Buffer.from(bytes).toString()) as TrackJson[]
  return json.map((track) => ({ ...track, config: new Uint8Array(Buffer.from(track.config, 'base64')) }) as Track)
}

const NO_BYTES = new Uint8Array(0)
/** Without video a reader may start at any frame; a join point every half second gives players a little to start on. */
const AUDIO_JOIN_SECONDS = 0.5

/** Writes what a demuxer gives into a log, marks join points and keeps the track set of each. */
export class FrameLogWriter implements MediaSink {
  readonly log: LogWriter
  readonly #nowMs: () => number
  readonly #tracks = new Map<number, Track>()
  readonly #header = new ArrayBuffer(HEADER_BYTES)
  readonly #view = new DataView(this.#header)
  readonly #headerBytes = new Uint8Array(this.#header)
  #tracksChanged = true
  #isGathering = false
  #isHeldBack = false
  #lastAudioJoinSeconds: number | undefined

  /** `nowMs`: wall clock, milliseconds since 1970. */
  constructor(log: LogWriter, nowMs: () => number) {
    this.log = log
    this.#nowMs = nowMs
  }

  get tracks(): readonly Track[] {
    return [...this.#tracks.values()]
  }

  onTrack(track: Track): void {
    this.#tracks.set(track.id, track)
    this.#tracksChanged = true
    this.#record(KIND_TRACK, track.id, undefined, encodeTracks([track]))
    if (!this.#isHeldBack) this.log.commit()
  }

  onFrame(frame: Frame): void {
    const track = this.#tracks.get(frame.trackId)
    if (!track) return
    if (this.#isJoin(frame, track)) {
      if (this.#tracksChanged) this.log.setPreamble(encodeTracks(this.tracks), NO_BYTES)
      this.#tracksChanged = false
      this.log.markJoin()
    }
    this.#record(KIND_FRAME, frame.trackId, frame, frame.data)
    if (!this.#isGathering && !this.#isHeldBack) this.log.commit()
  }
  /** Readers see the frames that come during `work` together, at its end. */
  gather(work: () => void): void {
    this.#isGathering = true
    try {
      work()
    } finally {
      this.#isGathering = false
      if (!this.#isHeldBack && !this.log.ended) this.log.commit()
    }
  }
  /** Readers see nothing of what comes while this is true; then, or at the end of the log, all at once. */
  holdBack(isHeldBack: boolean): void {
    const isLetGo = this.#isHeldBack && !isHeldBack
    this.#isHeldBack = isHeldBack
    if (isLetGo && !this.log.ended) this.log.commit()
  }

  #isJoin(frame: Frame, track: Track): boolean {
    if (track.kind === 'video') return frame.isKey && isPrimaryVideo(track, this.#tracks.values())
    for (const other of this.#tracks.values()) if (other.kind === 'video') return false
    const seconds = frame.dtsTicks / track.clockRateHz
    const last = this.#lastAudioJoinSeconds
    if (last !== undefined && seconds >= last && seconds - last < AUDIO_JOIN_SECONDS && !this.#tracksChanged)
      return false
    this.#lastAudioJoinSeconds = seconds
    return true
  }

  #record(kind: number, trackId: number, frame: Frame | undefined, payload: Uint8Array): void {
    const view = this.#view
    view.setUint32(0, payload.length, true)
    view.setUint16(4, kind, true)
    view.setUint16(6, trackId, true)
    view.setFloat64(8, frame?.ptsTicks ?? 0, true)
    view.setFloat64(16, frame?.dtsTicks ?? 0, true)
    view.setFloat64(24, this.#nowMs(), true)
    view.setUint32(32, frame?.durationTicks ?? 0, true)
    view.setUint32(36, frame?.isKey ? FLAG_KEY : 0, true)
    this.log.append([this.#headerBytes, payload])
  }
}

/** Viewers join at keyframes of the video track with the lowest id. */
export function isPrimaryVideo(track: Track, tracks: Iterable<Track>): boolean {
  for (const other of tracks) if (other.kind === 'video' && other.id < track.id) return false
  return true
}

/** A cursor on a frame log. Frame data are views on the log (or copies where a frame spans two segments). */
export class FrameCursor {
  /** Start of the record that the sink is given at the moment. */
  recordAt: number
  readonly #reader: LogReader
  #position: number

  constructor(reader: LogReader, position: number) {
    this.#reader = reader
    this.#position = position
    this.recordAt = position
  }
  get position(): number {
    return this.#position
  }

  /** The frame that the cursor stands on, if it does. */
  first(): Frame | undefined {
    let found: Frame | undefined
    const sink = {
      onTrack: () => {},
      onArrival: () => {},
      onFrame: (frame: Frame) => {
        found = frame
      },
    }
    this.#next(this.#reader.head, sink)
    return found
  }
  /** Feeds the whole records below `end`. What they lie in must be held. */
  drainTo(end: number, sink: FrameLogSink): void {
    while (this.#position + HEADER_BYTES <= end && this.#next(end, sink));
  }

  #next(head: number, sink: FrameLogSink): boolean {
    const header = this.#reader.contiguous(this.#position, this.#position + HEADER_BYTES)
    const length = header.readUInt32LE(0)
    const start = this.#position + HEADER_BYTES
    if (start + length > head) return false
    this.recordAt = this.#position
    this.#position = start + length
    const payload = this.#reader.contiguous(start, start + length)
    deliver(header, payload, sink)
    return true
  }
}

function deliver(header: Buffer, payload: Buffer, sink: FrameLogSink): void {
  const kind = header.readUInt16LE(4)
  if (kind === KIND_TRACK) {
    for (const track of decodeTracks(payload)) sink.onTrack(track)
    return
  }
  if (kind !== KIND_FRAME) throw new MalformedInputError('frame record kind', 4, `unknown kind ${kind}`)
  sink.onArrival(header.readDoubleLE(24))
  sink.onFrame({
    trackId: header.readUInt16LE(6),
    ptsTicks: header.readDoubleLE(8) as Ticks,
    dtsTicks: header.readDoubleLE(16) as Ticks,
    durationTicks: header.readUInt32LE(32) as Ticks,
    isKey: (header.readUInt32LE(36) & FLAG_KEY) !== 0,
    data: plainBytes(payload),
  })
}
