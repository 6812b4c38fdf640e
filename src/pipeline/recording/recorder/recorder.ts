import type { CmafSegment } from '../../../media/formats/mp4/index.ts'
import type { Track } from '../../../media/model/index.ts'
import type {
  BlobStore,
  BlobWriter,
  InitFact,
  RecordingStart,
  SegmentFact,
  TrackFact,
} from '../../../platform/storage/index.ts'
import { errorFields, type Logger } from '../../../platform/telemetry/index.ts'
import type { ChunkFacts, CmafTap, HeldChunk } from '../../packaging/index.ts'

/** Where a recorder tells what is durable; the control thread writes it into the catalogue. */
export interface RecordingFacts {
  recordingStarted(recording: RecordingStart): void
  tracksKnown(recordingId: string, tracks: readonly TrackFact[]): void
  initStored(init: InitFact): void
  segmentStored(segment: SegmentFact): void
  recordingEnded(id: string, endedMs: number): void
}

export type RecorderOptions = {
  readonly stream: string
  readonly store: BlobStore
  readonly facts: RecordingFacts
  readonly log: Logger
  readonly nowEpochMs: () => number
  /** Of a file that is taken in: with a hole in it, it never ends. */
  readonly isImport?: boolean
}

/** Bytes that may wait for the disk; past that segments are left out, so that a slow disk never stops the stream. */
const MAX_QUEUED_BYTES = 64 * 1024 * 1024
/** A source that can wait is asked to while so much does; little, for it is held in the log too. */
const ROOMY_BYTES = 1024 * 1024

type OpenSegment = { readonly key: string; readonly writer: Promise<BlobWriter | undefined>; failed: boolean }

type Work = { readonly bytes: number; readonly work: () => Promise<void>; readonly segment: OpenSegment | undefined }

/** Writes the CMAF segments of one stream to the store, and tells of each when it is durable. */
export class Recorder implements CmafTap {
  readonly id: string
  readonly #options: RecorderOptions
  readonly #folder: string
  readonly #open = new Map<number, OpenSegment>()
  readonly #tracks = new Map<number, TrackFact>()
  readonly #epochMs = new Map<number, number>()
  /** Not stored yet. */
  readonly #inits: { readonly bytes: Uint8Array; readonly fact: InitFact }[] = []
  readonly #queue: Work[] = []
  /** While there is something in the queue. */
  #working: Promise<void> | undefined
  #queuedBytes = 0
  #failing = false
  /** Tracks that have lost the segment behind a discontinuity: it is then in front of the next. */
  readonly #lostDiscontinuities = new Set<number>()
  #failure: Error | undefined
  /** Wall clock behind the last sample that is stored: later than now where the publisher sends faster than it lasts. */
  #storedUntilMs = 0
  readonly #waiting: (() => void)[] = []

  constructor(options: RecorderOptions) {
    this.#options = options
    const startedMs = options.nowEpochMs()
    this.id = recordingId(startedMs)
    this.#folder = `recordings/${options.stream}/${this.id}`
    const { isImport = false } = options
    options.facts.recordingStarted({ id: this.id, stream: options.stream, startedMs, isImport })
    options.log.info('recording.started', { stream: options.stream, recording: this.id })
  }

  onTracks(tracks: readonly Track[]): void {
    const facts = tracks.map(toTrackFact)
    for (const fact of facts) this.#tracks.set(fact.trackId, fact)
    this.#options.facts.tracksKnown(this.id, facts)
  }
  onInit(trackId: number, initId: number, bytes: Uint8Array): void {
    const key = `${this.#folder}/t${trackId}-init${initId}.mp4`
    const track = this.#tracks.get(trackId)
    this.#inits.push({ bytes, fact: { recordingId: this.id, trackId, initId, key, ...(track ? { track } : {}) } })
    this.#enqueue(bytes.length, () => this.#storeInits())
  }
  onChunk(trackId: number, { sequence, byteLength }: ChunkFacts, held: HeldChunk | undefined): void {
    const segment = this.#open.get(trackId) ?? this.#start(trackId, sequence)
    const isLate = !held || this.#queuedBytes > MAX_QUEUED_BYTES
    if (isLate) this.#fail(segment, new Error('the disk is too slow for this stream'))
    if (!held || segment.failed) return held?.done()
    const append = async () => {
      try {
        if (!segment.failed) await (await segment.writer)?.append(held.views)
      } finally {
        held.done()
      }
    }
    this.#enqueue(byteLength, append, segment)
  }
  onSegmentTime(trackId: number, epochMs: number): void {
    this.#epochMs.set(trackId, epochMs)
  }
  onSegment(trackId: number, segment: CmafSegment): void {
    const open = this.#open.get(trackId)
    this.#open.delete(trackId)
    if (!open) return
    const epochMs = this.#epochMs.get(trackId) ?? this.#options.nowEpochMs()
    this.#enqueue(0, () => this.#commit(open, trackId, segment, epochMs), open)
  }
  onEnd(): void {
    const endedMs = this.#options.nowEpochMs()
    this.#enqueue(0, async () => {
      if (this.#options.isImport && this.#failure) return
      this.#options.facts.recordingEnded(this.id, Math.max(endedMs, this.#storedUntilMs))
      this.#options.log.info('recording.ended', { stream: this.#options.stream, recording: this.id })
    })
  }
  /** For an import that has failed: what is open is given up, nothing is told of it. Resolves when nothing is written any more. */
  async abandon(): Promise<void> {
    for (const segment of this.#open.values()) {
      segment.failed = true
      this.#enqueue(0, async () => await (await segment.writer)?.abort())
    }
    this.#open.clear()
    await this.settled()
  }
  /** Of the first segment that was left out; undefined while the recording is whole. */
  get failure(): Error | undefined {
    return this.#failure
  }
  /** For a source that can wait: resolves when the disk has caught up; undefined where it has. */
  room(): Promise<void> | undefined {
    if (this.#queuedBytes <= ROOMY_BYTES) return undefined
    return new Promise((resolve) => this.#waiting.push(resolve))
  }
  /** Resolves when everything given so far is durable, or has failed. */
  async settled(): Promise<void> {
    while (this.#working) await this.#working
  }

  #start(trackId: number, sequence: number): OpenSegment {
    const key = `${this.#folder}/t${trackId}-${String(sequence).padStart(8, '0')}.m4s`
    const { promise, resolve } = Promise.withResolvers<BlobWriter | undefined>()
    const segment: OpenSegment = { key, writer: promise, failed: false }
    this.#open.set(trackId, segment)
    this.#enqueue(
      0,
      async () => {
        try {
          resolve(await this.#options.store.create(key))
        } catch (error) {
          resolve(undefined)
          throw error
        }
      },
      segment,
    )
    return segment
  }

  /** What a full disk did not take is tried again with every segment: without it they cannot be played. */
  async #storeInits(): Promise<void> {
    for (let [init] = this.#inits; init; [init] = this.#inits) {
      const writer = await this.#options.store.create(init.fact.key)
      await writer.append([init.bytes])
      await writer.commit()
      this.#options.facts.initStored(init.fact)
      this.#inits.shift()
    }
  }

  async #commit(open: OpenSegment, trackId: number, segment: CmafSegment, epochMs: number): Promise<void> {
    const writer = await open.writer
    const lose = async () => {
      if (segment.discontinuity) this.#lostDiscontinuities.add(trackId)
      await writer?.abort()
    }
    if (open.failed || !writer) return await lose()
    try {
      await this.#storeInits()
      await writer.commit()
    } catch (error) {
      await lose()
      throw error
    }
    this.#recovered()
    const { sequence, initId, startTicks, durationTicks, byteLength, targetSeconds } = segment
    const clockRateHz = this.#tracks.get(trackId)?.clockRateHz
    const endMs = clockRateHz === undefined ? epochMs : epochMs + (durationTicks / clockRateHz) * 1000
    this.#storedUntilMs = Math.max(this.#storedUntilMs, Math.ceil(endMs))
    const discontinuity = this.#lostDiscontinuities.delete(trackId) || segment.discontinuity
    this.#options.facts.segmentStored({
      recordingId: this.id,
      trackId,
      sequence,
      initId,
      key: open.key,
      startTicks,
      durationTicks,
      discontinuity,
      byteLength,
      targetSeconds,
      epochMs,
      keyframes: segment.keyframes.map(({ ticks, offsetBytes, sizeBytes }) => ({ ticks, offsetBytes, sizeBytes })),
    })
  }

  /** Everything goes to the disk one after the other, in the order of the stream. */
  #enqueue(bytes: number, work: () => Promise<void>, segment?: OpenSegment): void {
    this.#queuedBytes += bytes
    this.#queue.push({ bytes, work, segment })
    this.#working ??= this.#workOff()
  }
  async #workOff(): Promise<void> {
    // Whoever enqueues first has seen that it is being worked off.
    await undefined
    for (let next = this.#queue.shift(); next; next = this.#queue.shift()) {
      try {
        await next.work()
      } catch (error) {
        this.#fail(next.segment, error)
      }
      this.#queuedBytes -= next.bytes
      if (this.#queuedBytes <= ROOMY_BYTES / 2) for (const resolve of this.#waiting.splice(0)) resolve()
    }
    this.#working = undefined
  }
  #fail(segment: OpenSegment | undefined, error: unknown): void {
    if (segment) segment.failed = true
    this.#failure ??= error instanceof Error ? error : new Error(String(error))
    if (this.#failing) return
    this.#failing = true
    this.#options.log.error('recording.failing', {
      stream: this.#options.stream,
      recording: this.id,
      ...errorFields(error),
    })
  }
  #recovered(): void {
    if (!this.#failing) return
    this.#failing = false
    this.#options.log.info('recording.recovered', { stream: this.#options.stream, recording: this.id })
  }
}

/** `20261122-163143-k3f9`: sorts by time, safe in addresses. */
function recordingId(startedMs: number): string {
  const [date, time] = new Date(startedMs).toISOString().split('T')
  const suffix = Math.floor(Math.random() * 36 ** 4)
    .toString(36)
    .padStart(4, '0')
  return `${date?.replaceAll('-', '')}-${time?.slice(0, 8).replaceAll(':', '')}-${suffix}`
}

function toTrackFact(track: Track): TrackFact {
  const { id, config: _, ...rest } = track
  return { trackId: id, ...rest }
}
