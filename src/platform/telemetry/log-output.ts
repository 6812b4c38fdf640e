import type { LogLine } from './logger.ts'

/** Writes lines to standard output: one JSON object each, or text for people. */
export async function openLogOutput(options: {
  readonly format: 'text' | 'json'
  readonly level: string
}): Promise<(line: LogLine) => void> {
  if (options.format === 'json') return await jsonOutput(options.level)
  const order = ['debug', 'info', 'warn', 'error', 'silent']
  const least = order.indexOf(options.level)
  return (line) => {
    if (order.indexOf(line.level) >= least) process.stdout.write(textLine(line))
  }
}

async function jsonOutput(level: string): Promise<(line: LogLine) => void> {
  const { pino } = await import('pino')
  const logger = pino(
    {
      level,
      base: null,
      timestamp: pino.stdTimeFunctions.isoTime,
      formatters: { level: (label) => ({ level: label }) },
    },
    pino.destination({ sync: true }),
  )
  return ({ level: lineLevel, event, fields }) => logger[lineLevel]({ event, ...fields })
}

const MARK: Record<LogLine['level'], string> = { debug: '·', info: ' ', warn: '!', error: '✗' }

function textLine({ level, event, fields }: LogLine): string {
  const time = new Date().toISOString().slice(11, 23)
  const pairs = Object.entries(fields)
    .filter(([, value]) => value !== undefined)
    .map(([key, value]) => `${key}=${typeof value === 'string' && !/\s/.test(value) ? value : JSON.stringify(value)}`)
  return `${time} ${MARK[level]} ${event}${pairs.length > 0 ? `  ${pairs.join(' ')}` : ''}\n`
}
