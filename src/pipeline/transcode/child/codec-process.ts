// Entry of the codec process: the one program in which FFmpeg's native code runs. Started by parent/child-link.ts
// with the codec package's name as its argument, `offline` where nobody waits for what it does, and the channel to the
// worker on descriptor 3.
import { Socket } from 'node:net'
import { MESSAGE, OFFLINE } from '../channel/job-messages.ts'
import { MessagePipe } from '../channel/message-pipe.ts'
import { type Av, loadAv } from './av.ts'
import { JobRunner } from './job-runner.ts'
import { yieldToOthers } from './yield-to-others.ts'

const CHANNEL_FD = 3
const USAGE_MS = 1000

// Signals that a terminal or a supervisor sends to the whole group are the server's business; it closes the channel.
process.on('SIGINT', () => {})
process.on('SIGTERM', () => {})

// What no job has expected ends the process; its jobs begin again in another.
process.on('unhandledRejection', (error) => {
  process.stderr.write(`${error instanceof Error ? error.message : error}\n`)
  process.exit(1)
})

let runner: JobRunner | undefined
const pipe = new MessagePipe(new Socket({ fd: CHANNEL_FD, readable: true, writable: true }), {
  onMessage: (message) => runner?.receive(message),
  onClose: (error) => {
    if (error) process.stderr.write(`channel: ${error.message}\n`)
    process.exit(error ? 1 : 0)
  },
})

if (process.argv[3] === OFFLINE) yieldToOthers()

try {
  const av = await loadAv(process.argv[2] ?? '')
  quieten(av)
  runner = new JobRunner(av, pipe)
  pipe.send(MESSAGE.hello, { ffmpeg: av.getFFmpegInfo().version })
  setInterval(() => pipe.send(MESSAGE.usage, { cpuMs: cpuMs() }), USAGE_MS).unref()
} catch (error) {
  const reason = error instanceof Error ? error.message : String(error)
  pipe.send(MESSAGE.missing, { reason: reason.slice(0, 2000) })
}

/** Of all threads, since the start. */
function cpuMs(): number {
  const { user, system } = process.cpuUsage()
  return (user + system) / 1000
}
function quieten(av: Av): void {
  av.Log.setLevel(av.AV_LOG_ERROR)
}
