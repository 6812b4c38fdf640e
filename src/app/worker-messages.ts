import type { MessagePort } from 'node:worker_threads'
import type { AssetNews, AssetOrder, WorkerReport } from '../control/index.ts'
import type { RecordingFacts } from '../pipeline/recording/index.ts'
import type { DirectoryEntry, StreamDirectory } from '../pipeline/stream/index.ts'
import type { ShedDecision } from '../pipeline/transcode/index.ts'
import type { Config } from '../platform/config/index.ts'
import type { RecordingDetail } from '../platform/storage/index.ts'
import type { LogLine } from '../platform/telemetry/index.ts'

export type WorkerData = {
  readonly index: number
  readonly config: Config
  readonly controlSocketPath: string
  /** What our own publishers (the demo) show instead of a publishKey. */
  readonly internalKey: string
  /** Fill freed segments with a pattern (tests). */
  readonly poisonFreed: boolean
}

export const LISTENERS = ['http', 'https', 'rtmp', 'rtmps'] as const
export type ListenerName = (typeof LISTENERS)[number]
export type BoundListener = { readonly listener: ListenerName; readonly host: string; readonly port: number }

/** What workers ask of the control thread. */
export interface ControlMethods extends StreamDirectory, RecordingFacts {
  /** The worker's code is loaded; it waits for `listen`. */
  ready(): void
  report(report: WorkerReport): void
  log(line: LogLine): void
  /** Facts of a recording, or undefined. */
  recording(id: string): Promise<RecordingDetail | undefined>
  assetNews(id: string, news: AssetNews): void
  /** Ids of the recordings of a stream that touch a time, oldest first. */
  recordingsOf(stream: string, fromMs: number, toMs: number | undefined): Promise<readonly string[]>
}

/** What the control thread asks of a worker. */
export interface WorkerMethods {
  /** Opens the listeners; 0 means any free port. Rejects with UnavailableError when a port is taken. */
  listen(ports: Readonly<Partial<Record<ListenerName, number>>>): Promise<BoundListener[]>
  connectPeer(worker: number, port: MessagePort): void
  dropPeer(worker: number): void
  streamUp(entry: DirectoryEntry): void
  streamDown(name: string): void
  kick(sessionId: string, reason: string): void
  startDemo(): void
  /** The load governor takes or gives back a part of a rendition. */
  shed(decision: ShedDecision): void
  /** The load governor lets imports wait, or go on. */
  holdOffline(): void
  releaseOffline(): void
  /** Resolves when the file is a recording. Rejects with UnsupportedInputError or UnavailableError. */
  importAsset(order: AssetOrder): Promise<void>
  stop(): Promise<void>
}
