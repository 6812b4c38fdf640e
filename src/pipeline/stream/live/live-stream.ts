import { type Frame, sameConfiguration, type Track, type VideoTrack } from '../../../media/model/index.ts'
import { FrameCursor, type FrameLogSink } from '../log/frame-log.ts'
import type { LogReader } from '../log/log-reader.ts'
import { JoinPoints } from './join-points.ts'
import { KeptJoins, type StartPoint } from './kept-joins.ts'
import { RateMeter } from './rate-meter.ts'
import { type PublisherTimes, StreamTimeline } from './timeline.ts'
import { TrackProbe } from './track-probe.ts'

export type FrameContext = {
  /** A new reader can start with this frame. */
  readonly isJoin: boolean
  /** Wall clock at arrival, milliseconds since 1970. */
  readonly epochMs: number
}

/** Whatever is derived from a stream: packagers, recorder, codec jobs. All calls come from the owner's thread. */
export interface StreamConsumer {
  /** The whole track set: before the first frame and whenever it changes. */
  onTracks(tracks: readonly Track[]): void
  /** `frame.data` is a view that is valid during the call. */
  onFrame(frame: Frame, context: FrameContext): void
  /** The next frame does not continue the one before it (publisher came back, stamps jumped). */
  onDiscontinuity(): void
  onEnd(): void
}

export type TrackStats = { readonly track: Track; readonly bitsPerSecond: number; readonly framesPerSecond: number }

export type LiveStreamOptions = {
  /** A consumer threw and was removed; the stream and its other consumers go on. */
  readonly onConsumerError: (consumer: StreamConsumer, error: unknown) => void
  /** So long frames are kept that lie before the newest keyframe, for consumers that start there. Default 0. */
  readonly historyMs?: number
  readonly maxHistoryBytes?: number
}

type Session = { readonly id: string; readonly reader: LogReader; readonly cursor: FrameCursor; opening?: TrackProbe }

/**
 * A live stream on the worker that owns it: takes the frames of the present publisher from its frame log, puts them on
 * the stream's line of time and hands them to every consumer. Publishers come and go; the stream stays.
 */
export class LiveStream {
  readonly name: string
  /** The track set is known, or has changed. Set by the owner of the stream. */
  onTracks: () => void = () => {}
  readonly timeline = new StreamTimeline()
  readonly #consumers = new Set<StreamConsumer>()
  readonly #tracks = new Map<number, Track>()
  readonly #joinPoints = new JoinPoints(this.#tracks)
  readonly #meters = new Map<number, { readonly bytes: RateMeter; readonly frames: RateMeter }>()
  #session: Session | undefined
  #sessionCount = 0
  #tracksChanged = false
  #discontinuityPending = false
  #arrivalMs = 0
  #lastEpochMs = 0
  readonly #sink: FrameLogSink = {
    onTrack: (track) => this.#onTrack(track),
    onFrame: (frame) => this.#onFrame(frame),
    onArrival: (epochMs) => {
      this.#arrivalMs = epochMs
    },
  }

  readonly #onConsumerError: (consumer: StreamConsumer, error: unknown) => void
  readonly #kept: KeptJoins

  constructor(name: string, { onConsumerError, historyMs = 0, maxHistoryBytes = 0 }: LiveStreamOptions) {
    this.name = name
    this.#onConsumerError = onConsumerError
    this.#kept = new KeptJoins(historyMs, maxHistoryBytes)
  }

  get tracks(): readonly Track[] {
    return [...this.#tracks.values()].sort((a, b) => a.id - b.id)
  }
  get sessionId(): string | undefined {
    return this.#session?.id
  }
  get consumerCount(): number {
    return this.#consumers.size
  }
  /** Frames of the present publisher are still on their way to this thread, or may be. */
  get awaitsMore(): boolean {
    return this.#session !== undefined && !this.#session.reader.isDrained
  }
  get lastArrivalMs(): number {
    return this.#lastEpochMs
  }

  stats(nowMs: number): TrackStats[] {
    return this.tracks.map((track) => {
      const meters = this.#meters.get(track.id)
      return {
        track,
        bitsPerSecond: Math.round((meters?.bytes.perSecond(nowMs) ?? 0) * 8),
        framesPerSecond: meters?.frames.perSecond(nowMs) ?? 0,
      }
    })
  }
  get receivedBytes(): number {
    let total = 0
    for (const { bytes } of this.#meters.values()) total += bytes.total
    return total
  }

  /** A publisher starts, or takes over. Its frame log is read from `reader`'s handle on. */
  attach(id: string, reader: LogReader, times: PublisherTimes = 'moved'): void {
    this.#session?.reader.letGo()
    this.#session = { id, reader, cursor: new FrameCursor(reader, 0), opening: new TrackProbe(reader) }
    reader.hold(0)
    this.#kept.clear()
    this.timeline.startSession(times)
    this.#sessionCount++
    if (this.#sessionCount > 1) {
      this.#discontinuityPending = true
      this.#tracks.clear()
    }
  }
  /** The publisher is gone; the stream waits for the next. */
  detach(id: string): void {
    if (this.#session?.id !== id) return
    this.#open('whatever there is')
    this.pump()
    this.#session?.reader.letGo()
    this.#session = undefined
  }
  /** Takes over what has arrived. */
  pump(): void {
    const session = this.#session
    if (session?.opening && !this.#open('when complete')) return
    if (!session) return
    session.cursor.drainTo(session.reader.head, this.#sink)
    this.#hold(session)
  }
  #hold({ reader, cursor }: Session): void {
    reader.hold(this.#kept.lowest(cursor.position, reader.lagLimitBytes))
  }
  /** Learns the track set of a new publisher before its first frame goes out. False while it is still unclear. */
  #open(when: 'when complete' | 'whatever there is'): boolean {
    const session = this.#session
    const probe = session?.opening
    if (!session || !probe) return true
    if (!probe.scan() && when === 'when complete') return false
    delete session.opening
    for (const track of probe.tracks.values()) this.#onTrack(track)
    return true
  }
  end(): void {
    this.#session?.reader.letGo()
    this.#session = undefined
    this.#each((consumer) => consumer.onEnd())
    this.#consumers.clear()
  }

  /** The newest frame of the primary video track that a decoder can start with; its data are a copy. */
  newestKeyframe(): { readonly key: string; readonly track: VideoTrack; readonly data: Uint8Array } | undefined {
    const session = this.#session
    if (!session) return undefined
    const join = holdJoin(session.reader, session.cursor.position)
    const first = join === undefined ? undefined : new FrameCursor(session.reader, join).first()
    const data = first?.data.slice()
    this.#hold(session)
    const track = this.#tracks.get(first?.trackId ?? -1)
    if (!data || track?.kind !== 'video') return undefined
    return { key: `${this.name} ${session.id} ${join}`, track, data }
  }

  /**
   * Starts `consumer` at the newest keyframe that the frame log still holds, or as near to `start` as frames are kept.
   * Dispose to stop it.
   */
  add(consumer: StreamConsumer, start?: StartPoint): Disposable {
    if (this.#tracks.size > 0) consumer.onTracks(this.tracks)
    this.#backfill(consumer, start)
    this.#consumers.add(consumer)
    return { [Symbol.dispose]: () => this.#consumers.delete(consumer) }
  }

  #backfill(consumer: StreamConsumer, start: StartPoint | undefined): void {
    const session = this.#session
    if (!session || this.#tracksChanged) return
    const { reader, cursor } = session
    const kept = start && this.#kept.find(start)
    const join = kept ?? holdJoin(reader, cursor.position)
    if (join !== undefined) new BackfillCursor(reader, join, cursor.position).feed(consumer, this)
    this.#hold(session)
  }

  /** For frames that are handed out a second time. */
  newJoinPoints(): JoinPoints {
    return new JoinPoints(this.#tracks)
  }
  track(id: number): Track | undefined {
    return this.#tracks.get(id)
  }

  #onTrack(track: Track): void {
    const known = this.#tracks.get(track.id)
    if (known && sameConfiguration(known, track)) return
    this.#tracks.set(track.id, track)
    this.#tracksChanged = true
  }

  #onFrame(original: Frame): void {
    const track = this.#tracks.get(original.trackId)
    if (!track) return
    const { frame, jumped } = this.timeline.map(original, track, this.#arrivalMs)
    if (jumped || this.#discontinuityPending) {
      this.#discontinuityPending = false
      this.#kept.clear()
      this.#each((consumer) => consumer.onDiscontinuity())
    }
    if (this.#tracksChanged) {
      this.#tracksChanged = false
      this.#kept.clear()
      this.onTracks()
      this.#each((consumer) => consumer.onTracks(this.tracks))
    }
    this.#lastEpochMs = this.#arrivalMs
    this.#measure(frame)
    const isJoin = this.#joinPoints.isJoin(frame)
    this.#kept.see((frame.ptsTicks * 1000) / track.clockRateHz, isJoin ? this.#session?.cursor.recordAt : undefined)
    const context = { isJoin, epochMs: this.#arrivalMs }
    this.#each((consumer) => consumer.onFrame(frame, context))
  }

  #each(call: (consumer: StreamConsumer) => void): void {
    for (const consumer of this.#consumers) {
      try {
        call(consumer)
      } catch (error) {
        this.#consumers.delete(consumer)
        this.#onConsumerError(consumer, error)
      }
    }
  }

  #measure(frame: Frame): void {
    let meters = this.#meters.get(frame.trackId)
    if (!meters) {
      meters = { bytes: new RateMeter(), frames: new RateMeter() }
      this.#meters.set(frame.trackId, meters)
    }
    meters.bytes.add(frame.data.length, this.#arrivalMs)
    meters.frames.add(1, this.#arrivalMs)
  }
}

/** The newest join point below `end`, held; undefined where there is none. The writer may be moving it meanwhile. */
function holdJoin(reader: LogReader, end: number): number | undefined {
  for (let tries = 0; tries < 3; tries++) {
    const join = reader.joinPosition
    if (join === undefined || join >= end) return undefined
    if (reader.holdAlso(join)) return join
  }
  return undefined
}

/** Feeds the frames between a join point and the pump's position to one consumer. */
class BackfillCursor {
  readonly #reader: LogReader
  readonly #from: number
  readonly #to: number

  constructor(reader: LogReader, from: number, to: number) {
    this.#reader = reader
    this.#from = from
    this.#to = to
  }

  feed(consumer: StreamConsumer, stream: LiveStream): void {
    let epochMs = 0
    const joinPoints = stream.newJoinPoints()
    const cursor = new FrameCursor(this.#reader, this.#from)
    cursor.drainTo(this.#to, {
      onTrack: () => {},
      onArrival: (ms) => {
        epochMs = ms
      },
      onFrame: (frame) => {
        const track = stream.track(frame.trackId)
        if (!track) return
        const shifted = stream.timeline.shift(frame, track)
        consumer.onFrame(shifted, { isJoin: joinPoints.isJoin(shifted), epochMs })
      },
    })
  }
}
