import { type Logger, type LogLine, makeLogger } from '../../../platform/telemetry/index.ts'

/** A logger that keeps its lines. */
export class RecordedLog {
  readonly lines: LogLine[] = []
  readonly log: Logger = makeLogger((line) => this.lines.push(line))

  events(level?: LogLine['level']): string[] {
    return this.lines.filter((line) => level === undefined || line.level === level).map((line) => line.event)
  }
}
