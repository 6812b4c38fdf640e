import { parseArgs } from 'node:util'
import { MillraceError } from '../media/errors.ts'
import { loadConfig } from '../platform/config/load-config.ts'
import { openLogOutput } from '../platform/telemetry/index.ts'
import { startServer, version } from './server.ts'
import { welcome } from './welcome.ts'

const USAGE = `usage: millrace [start|serve] [options]
       millrace transcode FILE|RECORDING --profile NAME [--output FILE] [options]

  start                  run with the built-in demo stream (the default)
  serve                  run without it
  transcode              a file, or a recording of this server, into an MP4 file

  --config FILE          configuration: YAML, JSON or TypeScript
  --set KEY=VALUE        set one configuration key; may be given many times
  --profile NAME         transcode: a profile of the configuration; may be given many times without --output
  --output FILE          transcode: absent, SOURCE-PROFILE.mp4
  --no-demo              leave the demo stream out
  --help, --version
`

/** What `millrace start` adds, below everything that the operator says. */
const DEMO_CONFIGURATION = { demo: { enabled: true }, streams: { '**': { record: true } } }

/** Runs the command line; the exit code, or undefined while the server runs. Never throws. */
export async function run(argv: readonly string[]): Promise<number | undefined> {
  try {
    return await runCommand(argv)
  } catch (error) {
    const isKnown = error instanceof MillraceError || (error as { code?: string }).code?.startsWith('ERR_PARSE_ARGS')
    process.stderr.write(`millrace: ${isKnown ? (error as Error).message : (error as Error).stack}\n`)
    return 1
  }
}

async function runCommand(argv: readonly string[]): Promise<number | undefined> {
  const { values, positionals } = parseArgs({
    args: [...argv],
    allowPositionals: true,
    options: {
      config: { type: 'string' },
      set: { type: 'string', multiple: true, default: [] },
      profile: { type: 'string', multiple: true, default: [] },
      output: { type: 'string' },
      'no-demo': { type: 'boolean', default: false },
      help: { type: 'boolean', default: false },
      version: { type: 'boolean', default: false },
    },
  })
  const command = positionals[0] ?? 'start'
  if (values.version) {
    process.stdout.write(`${version()}\n`)
    return 0
  }
  const isTranscode = command === 'transcode' && positionals.length === 2 && values.profile.length > 0
  const isServer = ['start', 'serve'].includes(command) && positionals.length < 2
  if (values.help || !(isTranscode || isServer) || (values.output && values.profile.length > 1)) {
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
  if (isTranscode) {
    const { transcodeCommand } = await import('./transcode-command.ts')
    await transcodeCommand(config, { source: positionals[1] ?? '', profiles: values.profile, output: values.output })
    return 0
  }
  const server = await startServer({ config, writeLog: await openLogOutput(config.log) })
  if (config.log.format === 'text') process.stdout.write(welcome(config, server.addresses))
  const stop = () => void server.close().then(() => process.exit(0))
  process.on('SIGINT', stop)
  process.on('SIGTERM', stop)
  return undefined
}
