import type { PublisherTimes } from '../live/timeline.ts'
import type { LogMessage, SharedLog } from '../log/log-exchange.ts'

/** Who wants to publish what; `control` decides. */
export type PublishRequest = {
  readonly name: string
  readonly protocol: string
  readonly worker: number
  readonly remoteAddress: string
  readonly key?: string
  readonly agent?: string
}
export type PublishGrant = {
  readonly sessionId: string
  /** The worker that packages the stream; not always the one the publisher is connected to. */
  readonly owner: number
}
export type DirectoryEntry = { readonly name: string; readonly owner: number }

/** An output as it is handed to the worker that asked for it. */
export type SharedOutput = {
  readonly shared: SharedLog
  /** What the log's bytes before `shared.handle.head` amount to, for outputs that are read from there (HLS). */
  readonly snapshot?: Uint8Array
}

/** What the control thread does for workers. */
export interface StreamDirectory {
  /** Rejects with AccessDeniedError. */
  requestPublish(request: PublishRequest): Promise<PublishGrant>
  publishEnded(sessionId: string, reason: string): void
}

/** What a worker does for another. */
export interface PeerMethods {
  attach(name: string, sessionId: string, shared: SharedLog, times?: PublisherTimes): void
  detach(name: string, sessionId: string): void
  open(name: string, format: string, worker: number): SharedOutput | Promise<SharedOutput>
  close(name: string, format: string, worker: number): void
  log(message: LogMessage): void
}

/** Another worker, or this one. */
export interface Peer {
  attach(name: string, sessionId: string, shared: SharedLog, times?: PublisherTimes): void
  detach(name: string, sessionId: string): void
  open(name: string, format: string): Promise<SharedOutput>
  close(name: string, format: string): void
  log(message: LogMessage): void
}
