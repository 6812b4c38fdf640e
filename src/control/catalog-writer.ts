import type { RecordingFacts } from '../pipeline/recording/index.ts'
import type { Catalog, InitFact, RecordingStart, SegmentFact, TrackFact } from '../platform/storage/index.ts'
import { errorFields, type Logger } from '../platform/telemetry/index.ts'
import type { PublishSession } from './registry.ts'

/** Writes facts into the catalogue one after the other, in the order in which they were told. */
export class CatalogWriter implements RecordingFacts {
  readonly #catalog: Catalog
  readonly #log: Logger
  #tail: Promise<void> = Promise.resolve()

  constructor(catalog: Catalog, log: Logger) {
    this.#catalog = catalog
    this.#log = log
  }

  sessionStarted(session: PublishSession): void {
    this.#write(() => this.#catalog.sessionStarted({ ...session, stream: session.name }))
  }
  sessionEnded(id: string, endedMs: number, reason: string): void {
    this.#write(() => this.#catalog.sessionEnded(id, endedMs, reason))
  }
  recordingStarted(recording: RecordingStart): void {
    this.#write(() => this.#catalog.recordingStarted(recording))
  }
  tracksKnown(recordingId: string, tracks: readonly TrackFact[]): void {
    this.#write(() => this.#catalog.setTracks(recordingId, tracks))
  }
  initStored(init: InitFact): void {
    this.#write(() => this.#catalog.initStored(init))
  }
  segmentStored(segment: SegmentFact): void {
    this.#write(() => this.#catalog.segmentStored(segment))
  }
  recordingEnded(id: string, endedMs: number): void {
    this.#write(() => this.#catalog.recordingEnded(id, endedMs))
  }
  /** Resolves when everything told so far is written. */
  async settled(): Promise<void> {
    await this.#tail
  }

  #write(work: () => Promise<void>): void {
    this.#tail = this.#tail.then(work).catch((error: unknown) => this.#log.error('catalog.failed', errorFields(error)))
  }
}
