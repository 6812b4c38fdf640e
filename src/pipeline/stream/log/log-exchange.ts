import { LogReader } from './log-reader.ts'
import type { LogHandle, LogSegment, LogWriter, Preamble } from './log-writer.ts'

/** What another worker must be told about a log that it reads, after it got the handle. */
export type LogMessage =
  | { readonly type: 'segment'; readonly logId: string; readonly segment: LogSegment }
  | { readonly type: 'preamble'; readonly logId: string; readonly preamble: Preamble }
  | { readonly type: 'end'; readonly logId: string }

/** A log as it is handed from worker to worker. */
export type SharedLog = { readonly logId: string; readonly handle: LogHandle }

/** Hands a log to another thread and keeps it told. `send` must keep the order. Dispose when that thread is done. */
export function shareLog(
  logId: string,
  writer: LogWriter,
  send: (message: LogMessage) => void,
): { readonly shared: SharedLog; readonly stop: Disposable } {
  const stop = writer.observe({
    onSegment: (segment) => send({ type: 'segment', logId, segment }),
    onPreamble: (preamble) => send({ type: 'preamble', logId, preamble }),
    onEnd: () => send({ type: 'end', logId }),
  })
  return { shared: { logId, handle: writer.handle() }, stop }
}

/** A reader on a log of the same thread. `onData` is called at every commit and at the end. */
export function openLocalLog(
  writer: LogWriter,
  slot: number,
  onData: () => void,
): { readonly reader: LogReader; readonly stop: Disposable } {
  const reader = new LogReader(writer.handle(), slot)
  const stop = writer.observe({
    onSegment: (segment) => reader.addSegment(segment),
    onPreamble: (preamble) => reader.addPreamble(preamble),
    onCommit: onData,
    onEnd: onData,
  })
  return { reader, stop }
}

const MAX_EARLY_LOGS = 64

type Import = { readonly reader: LogReader; readonly onData: () => void; stopped: boolean }

/** The logs of other workers that this one reads. */
export class LogImports {
  readonly #imports = new Map<string, Import>()
  /** What was told of a log between the making of its handle and its opening here; or after its closing. */
  readonly #early = new Map<string, LogMessage[]>()
  readonly #slot: number

  constructor(slot: number) {
    this.#slot = slot
  }

  /** `onData` is called when there may be new bytes and at the end, never before `open` has returned. */
  open(shared: SharedLog, onData: () => void): LogReader {
    const reader = new LogReader(shared.handle, this.#slot)
    const entry = { reader, onData, stopped: false }
    this.#imports.set(shared.logId, entry)
    for (const message of this.#early.get(shared.logId) ?? []) apply(reader, message)
    this.#early.delete(shared.logId)
    void watch(entry)
    return reader
  }
  receive(message: LogMessage): void {
    const entry = this.#imports.get(message.logId)
    if (!entry) return this.#keepEarly(message)
    apply(entry.reader, message)
    entry.onData()
  }
  #keepEarly(message: LogMessage): void {
    const kept = this.#early.get(message.logId) ?? []
    kept.push(message)
    this.#early.set(message.logId, kept)
    for (const oldest of this.#early.keys()) {
      if (this.#early.size <= MAX_EARLY_LOGS) break
      this.#early.delete(oldest)
    }
  }
  close(logId: string): void {
    this.#early.delete(logId)
    const entry = this.#imports.get(logId)
    if (!entry) return
    entry.stopped = true
    entry.reader.letGo()
    this.#imports.delete(logId)
  }
}

function apply(reader: LogReader, message: LogMessage): void {
  if (message.type === 'segment') reader.addSegment(message.segment)
  else if (message.type === 'preamble') reader.addPreamble(message.preamble)
}

async function watch(entry: Import): Promise<void> {
  // The writer may be ahead of the handle already; whoever opens the log must have its reader first.
  await Promise.resolve()
  while (!entry.stopped && !entry.reader.ended) {
    const changed = entry.reader.changed()
    if (changed) await changed
    if (!entry.stopped) entry.onData()
  }
  // The writer may have gone on between the last look at its bytes and the look at its end.
  if (!entry.stopped) entry.onData()
}
