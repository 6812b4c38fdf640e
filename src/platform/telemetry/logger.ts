export const LOG_LEVELS = ['debug', 'info', 'warn', 'error'] as const
export type LogLevel = (typeof LOG_LEVELS)[number]
export type LogFields = Readonly<Record<string, unknown>>

/** Structured; `event` is a stable name, fields say what it concerns. Keys and tokens must never be given to it. */
export interface Logger {
  debug(event: string, fields?: LogFields): void
  info(event: string, fields?: LogFields): void
  warn(event: string, fields?: LogFields): void
  error(event: string, fields?: LogFields): void
  /** A logger that adds these fields to every line. */
  with(fields: LogFields): Logger
}

export type LogLine = { readonly level: LogLevel; readonly event: string; readonly fields: LogFields }

/** A logger that hands its lines to `write`; workers post them to the control thread. */
export function makeLogger(write: (line: LogLine) => void, fixed: LogFields = {}): Logger {
  const at =
    (level: LogLevel) =>
    (event: string, fields: LogFields = {}) =>
      write({ level, event, fields: { ...fixed, ...fields } })
  return {
    debug: at('debug'),
    info: at('info'),
    warn: at('warn'),
    error: at('error'),
    with: (fields) => makeLogger(write, { ...fixed, ...fields }),
  }
}

/** What an error may show in a log line. */
export function errorFields(error: unknown): LogFields {
  if (!(error instanceof Error)) return { error: String(error) }
  const code = (error as { code?: unknown }).code
  const fault = (error as { fault?: unknown }).fault
  const known = { error: error.message, ...(code ? { code } : {}), ...(fault ? { fault } : {}) }
  return fault === undefined || fault === 'bug' ? { ...known, stack: error.stack } : known
}
