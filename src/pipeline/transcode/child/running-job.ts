import type { Message } from '../channel/message.ts'

/** A job that goes on until it is cancelled. */
export interface RunningJob extends Disposable {
  /** What the worker sends it after its start. */
  receive?(message: Message): void
  /** For a job that nobody waits for: it goes no further until it is released. */
  hold?(): void
  release?(): void
}
