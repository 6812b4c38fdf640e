import { parseArgs } from 'node:util'
import { startServer } from './app/server.ts'
import { welcome } from './app/welcome.ts'
import { loadConfig } from './platform/config/index.ts'
import { ConfigurationError, UnavailableError } from './platform/errors.ts'
import { openLogOutput } from './platform/telemetry/index.ts'

const USAGE = `usage: millrace [start|serve] [options]

  start                  run with the built-in demo stream (the default)
  serve                  run without it

  --config FILE          configuration: YAML, JSON or TypeScript
  --set KEY=VALUE        set one configuration key; may be given many times
  --no-demo              leave the demo stream out
  --help, --version
`

/** What `millrace start` adds, below everything that the operator says. */
const DEMO_CONFIGURATION = { demo: { enabled: true }, streams: { '**': { record: true } } }

async function main(argv: readonly string[]): Promise<number> {
  const { values, positionals } = parseArgs({
    args: [...argv],
    allowPositionals: true,
    options: {
      config: { type: 'string' },
      set: { type: 'string', multiple: true, default: [] },
      'no-demo': { type: 'boolean', default: false },
      help: { type: 'boolean', default: false },
      version: { type: 'boolean', default: false },
    },
  })
  const command = positionals[0] ?? 'start'
  if (values.help || !['start', 'serve'].includes(command) || positionals.length > 1) {
    process.stdout.write(USAGE)
    return values.help ? 0 : 2
  }
  const isDemo = command === 'start' && !values['no-demo']
  const config = await loadConfig({
    ...(values.config === undefined ? {} : { file: values.config }),
    sets: values.set,
    defaults: isDemo ? DEMO_CONFIGURATION : {},
    env: process.env,
  })
  const server = await startServer({ config, writeLog: openLogOutput(config.log) })
  if (config.log.format === 'text') process.stdout.write(welcome(config, server.addresses))
  const stop = () => void server.close().then(() => process.exit(0))
  process.on('SIGINT', stop)
  process.on('SIGTERM', stop)
  return -1
}

try {
  const code = await main(process.argv.slice(2))
  if (code >= 0) process.exit(code)
} catch (error) {
  const known =
    error instanceof ConfigurationError ||
    error instanceof UnavailableError ||
    (error as { code?: string }).code?.startsWith('ERR_PARSE_ARGS')
  process.stderr.write(`millrace: ${known ? (error as Error).message : (error as Error).stack}\n`)
  process.exit(1)
}
