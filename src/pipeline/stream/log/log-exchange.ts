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

type Import = { readonly reader: LogReader; readonly onData: () => void; stopped: boolean }

/** The logs of other workers that this one reads. */
export class LogImports {
  readonly #imports = new Map<string, Import>()
  readonly #slot: number

  constructor(slot: number) {
    this.#slot = slot
  }

  /** `onData` is called when there may be new bytes and at the end, never before `open` has returned. */
  open(shared: SharedLog, onData: () => void): LogReader {
    const reader = new LogReader(shared.handle, this.#slot)
    const entry = { reader, onData, stopped: false }
    this.#imports.set(shared.logId, entry)
    void watch(entry)
    return reader
  }
  receive(message: LogMessage): void {
    const entry = this.#imports.get(message.logId)
    if (!entry) return
    if (message.type === 'segment') entry.reader.addSegment(message.segment)
    else if (message.type === 'preamble') entry.reader.addPreamble(message.preamble)
    entry.onData()
  }
  close(logId: string): void {
    const entry = this.#imports.get(logId)
    if (!entry) return
    entry.stopped = true
    entry.reader.letGo()
    this.#imports.delete(logId)
  }
}

async function watch(entry: Import): Promise<void> {
  // The writer may be ahead of the handle already; whoever opens the log must have its reader first.
  await Promise.resolve()
  while (!entry.stopped && !entry.reader.ended) {
    const changed = entry.reader.changed()
    if (changed) await changed
    if (!entry.stopped) entry.onData()
  }
}
