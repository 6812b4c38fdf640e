export { openLogOutput } from './log-output.ts'
export { errorFields, type LogFields, type Logger, type LogLevel, type LogLine, makeLogger } from './logger.ts'
