import { writeFileSync } from 'node:fs'
import { cpus } from 'node:os'
import { parseArgs } from 'node:util'
import { fanout, formatFanout } from './commands/fanout.ts'
import { files, formatFiles } from './commands/files.ts'
import { formatIngest, ingest } from './commands/ingest.ts'
import { formatJoin, join } from './commands/join.ts'
import { formatLowLatency, lowLatency } from './commands/low-latency.ts'
import { formatPictures, pictures } from './commands/pictures.ts'
import { formatPlayers, players } from './commands/players.ts'
import { formatRungs, rungs } from './commands/rungs.ts'
import { formatSoak, soak } from './commands/soak.ts'
import { formatStart, startUp } from './commands/start.ts'
import { formatTranscode, transcode } from './commands/transcode.ts'
import { LOAD_CPU, pinSelf } from './support/processes.ts'
import { PROTOCOLS, type Protocol } from './support/requests.ts'

const USAGE = `usage: npm run bench -- COMMAND [options]

  fanout    viewers of one stream: CPU per GB, latency, memory, beside the floor (limit.c) in the same run
  ingest    many publishers, without and with recording
  join      how long a viewer waits for its first picture
  files     HLS playlists and segments, beside nginx in the same run
  low-latency  viewers of Low-Latency HLS with requests that wait (--viewers 10,1000): latency of parts and playlists
  players   hls.js, shaka-player and dash.js in Chromium with low latency: latency and stalls over --window seconds
  start     time to the first accept, memory of an idle server
  transcode a ladder of three rungs beside FFmpeg doing the same; latency; jobs that a core carries
  rungs     how soon a rung on demand starts, and goes on after its process was killed
  soak      a ladder that runs for long: memory, sound beside picture
  pictures  snapshots of 1080p, one at a time and 500 at once

  --protocol P      ${PROTOCOLS.join(' | ')}
  --viewers LIST    numbers of viewers, for example 500,1000,2000
  --flush LIST      values of delivery.flush, for example 100,0,auto
  --stalled N       so many further viewers never read
  --workers N       media workers; --cpus LIST the cores that the server may use (default: the first)
  --compare NAME    nginx-rtmp, or bare-node: what limit.c does, in Node
  --runs N          medians of N runs, all servers in turn
  --idle S          (fanout) seconds before the viewers come (3); from 30 on memory per viewer is told
  --warm-up S, --window S   seconds before (ingest 20, else 40) and of the measurement
  --set KEY=VALUE   configuration of Millrace
  --publishers LIST (ingest), --joins N (join), --connections N (files), --seconds N (transcode)
  --in-turn         (players) one after the other, not all at once
  --minutes N, --speed X    (soak) of media; 1 is real time, 0 as fast as it goes
  --json FILE       every figure of every run
`

const { values, positionals } = parseArgs({
  allowPositionals: true,
  options: {
    protocol: { type: 'string', default: 'flv' },
    viewers: { type: 'string', default: '500,1000' },
    flush: { type: 'string', default: '100' },
    stalled: { type: 'string', default: '0' },
    workers: { type: 'string', default: '1' },
    cpus: { type: 'string' },
    compare: { type: 'string' },
    runs: { type: 'string', default: '1' },
    idle: { type: 'string', default: '3' },
    'warm-up': { type: 'string' },
    window: { type: 'string', default: '8' },
    set: { type: 'string', multiple: true, default: [] },
    publishers: { type: 'string', default: '100,300' },
    joins: { type: 'string', default: '200' },
    connections: { type: 'string', default: '64' },
    seconds: { type: 'string', default: '20' },
    minutes: { type: 'string', default: '60' },
    speed: { type: 'string', default: '0' },
    'in-turn': { type: 'boolean', default: false },
    json: { type: 'string' },
    help: { type: 'boolean', default: false },
  },
})

const say = (line: string) => process.stderr.write(`${line}\n`)

function isProtocol(name: string): name is Protocol {
  return (PROTOCOLS as readonly string[]).includes(name)
}

async function runFanout() {
  const { protocol } = values
  if (!isProtocol(protocol)) throw new Error(`--protocol is one of ${PROTOCOLS.join(', ')}, not "${protocol}"`)
  const rows = await fanout(
    {
      protocol,
      viewers: values.viewers.split(',').map(Number),
      flush: values.flush.split(','),
      runs: Number(values.runs),
      stalled: Number(values.stalled),
      workers: Number(values.workers),
      cpus: values.cpus,
      compare: values.compare,
      idleSeconds: Number(values.idle),
      warmUpSeconds: Number(values['warm-up'] ?? 40),
      windowSeconds: Number(values.window),
      sets: values.set,
    },
    say,
  )
  return { rows, text: formatFanout(rows) }
}

async function runIngest() {
  const { publishers, runs, set } = values
  const times = { warmUpSeconds: Number(values['warm-up'] ?? 20), windowSeconds: Number(values.window) }
  const options = { publishers: publishers.split(',').map(Number), runs: Number(runs), sets: set, ...times }
  const rows = await ingest(options, say)
  return { rows, text: formatIngest(rows) }
}
async function runJoin() {
  const rows = await join({ protocols: PROTOCOLS, joins: Number(values.joins), sets: values.set }, say)
  return { rows, text: formatJoin(rows) }
}
async function runFiles() {
  const { connections, window, runs, set } = values
  const options = { connections: Number(connections), seconds: Number(window), runs: Number(runs), sets: set }
  const rows = await files(options, say)
  return { rows, text: formatFiles(rows) }
}
async function runLowLatency() {
  const { viewers, window, set } = values
  const times = { warmUpSeconds: Number(values['warm-up'] ?? 40), windowSeconds: Number(window) }
  const rows = await lowLatency({ viewers: viewers.split(',').map(Number), sets: set, ...times }, say)
  return { rows, text: formatLowLatency(rows) }
}
async function runPlayers() {
  const rows = await players({ seconds: Number(values.window), inTurn: values['in-turn'], sets: values.set }, say)
  return { rows, text: formatPlayers(rows) }
}
async function runStart() {
  const rows = await startUp(Number(values.runs), say)
  return { rows, text: formatStart(rows) }
}

async function runTranscode() {
  const report = await transcode({ runs: Number(values.runs), seconds: Number(values.seconds) }, say)
  return { rows: report, text: formatTranscode(report) }
}
async function runSoak() {
  const report = await soak({ minutes: Number(values.minutes), speed: Number(values.speed) }, say)
  return { rows: report, text: formatSoak(report) }
}
async function runPictures() {
  const rows = await pictures(Math.max(5, Number(values.runs)), say)
  return { rows, text: formatPictures(rows) }
}
async function runRungs() {
  const rows = await rungs(Math.max(5, Number(values.runs)), say)
  return { rows, text: formatRungs(rows) }
}

const COMMANDS: Readonly<Record<string, () => Promise<{ readonly rows: unknown; readonly text: string }>>> = {
  fanout: runFanout,
  ingest: runIngest,
  join: runJoin,
  files: runFiles,
  'low-latency': runLowLatency,
  players: runPlayers,
  start: runStart,
  transcode: runTranscode,
  rungs: runRungs,
  soak: runSoak,
  pictures: runPictures,
}

const command = COMMANDS[positionals[0] ?? '']
if (values.help || !command) {
  process.stdout.write(USAGE)
  process.exit(values.help ? 0 : 2)
}
if (cpus().length < 2) throw new Error('the benchmark needs two cores: one for the server, one for the load')
// Players decode and need both cores; the others measure nobody's share of a core but their own.
const CHOOSES_ITS_CORES = ['players', 'rungs', 'soak', 'transcode', 'pictures']
if (!CHOOSES_ITS_CORES.includes(positionals[0] ?? '')) pinSelf(LOAD_CPU)
const { rows, text } = await command()
process.stdout.write(`\n${text}\n`)
if (values.json) writeFileSync(values.json, `${JSON.stringify({ at: new Date().toISOString(), rows }, undefined, 2)}\n`)
process.exit(0)
