import { type ChildProcess, execFileSync, spawn } from 'node:child_process'
import { once } from 'node:events'
import { mkdirSync, readdirSync, readFileSync, statSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { fileURLToPath } from 'node:url'

const NATIVE = fileURLToPath(new URL('../native/', import.meta.url))
const BUILT = join(tmpdir(), 'millrace-bench')

/** The server has the first core for itself, everything that makes load the second. */
export const SERVER_CPU = 0
export const LOAD_CPU = 1

/** Compiles `bench/native/<name>.c` where it is newer than what was compiled; returns the program. */
export function nativeProgram(name: 'drain' | 'hlsdrain' | 'httpload' | 'limit' | 'llhls' | 'serve'): string {
  const source = join(NATIVE, `${name}.c`)
  const program = join(BUILT, name)
  mkdirSync(BUILT, { recursive: true })
  const builtMs = statSync(program, { throwIfNoEntry: false })?.mtimeMs ?? 0
  if (builtMs > statSync(source).mtimeMs) return program
  try {
    execFileSync('cc', ['-O2', '-o', program, source], { stdio: ['ignore', 'inherit', 'inherit'] })
  } catch (error) {
    throw new Error(`the load generator needs a C compiler as "cc" (Debian: apt-get install gcc libc6-dev): ${error}`)
  }
  return program
}

/** Runs on one core, where the machine lets processes be pinned. `cpus`: a list as taskset takes it. */
export function pinned(cpus: string | number, command: string, args: readonly string[]): readonly [string, string[]] {
  return ['taskset', ['-c', String(cpus), command, ...args]]
}
export function pinSelf(cpu: number): void {
  // A thread that ends while taskset goes through them makes it fail.
  for (let triesLeft = 4; ; triesLeft--) {
    try {
      execFileSync('taskset', ['-a', '-c', '-p', String(cpu), String(process.pid)], { stdio: 'ignore' })
      return
    } catch (error) {
      if (triesLeft === 0) throw error
    }
  }
}

/** Then a process that was asked to end is ended. */
const STOP_PATIENCE_MS = 8000

export async function stopProcess(child: ChildProcess): Promise<void> {
  if (child.exitCode !== null || child.signalCode !== null) return
  const exited = once(child, 'exit')
  child.kill('SIGTERM')
  const timer = setTimeout(() => child.kill('SIGKILL'), STOP_PATIENCE_MS)
  await exited
  clearTimeout(timer)
}

export type CpuTime = { readonly totalSeconds: number; readonly userSeconds: number; readonly systemSeconds: number }

const TICKS_PER_SECOND = 100

/** CPU time of a process and its descendants. The total is the scheduler's own count, the parts are its ticks. */
export function cpuTime(pid: number): CpuTime {
  let [total, user, system] = [0, 0, 0]
  for (const each of [pid, ...descendants(pid)]) {
    for (const task of listed(`/proc/${each}/task`))
      total += Number(read(`/proc/${each}/task/${task}/schedstat`).split(' ')[0])
    const fields = read(`/proc/${each}/stat`).split(') ').at(-1)?.split(' ') ?? []
    user += Number(fields[11] ?? 0)
    system += Number(fields[12] ?? 0)
  }
  return {
    totalSeconds: total / 1e9,
    userSeconds: user / TICKS_PER_SECOND,
    systemSeconds: system / TICKS_PER_SECOND,
  }
}
/** Resident memory of a process and its descendants. */
export function residentBytes(pid: number): number {
  let kilobytes = 0
  for (const each of [pid, ...descendants(pid)]) {
    kilobytes += Number(/^VmRSS:\s+(\d+)/m.exec(read(`/proc/${each}/status`))?.[1] ?? 0)
  }
  return kilobytes * 1024
}

function descendants(pid: number): number[] {
  const children = listed(`/proc/${pid}/task`).flatMap((task) =>
    read(`/proc/${pid}/task/${task}/children`).split(' ').filter(Boolean).map(Number),
  )
  return children.flatMap((child) => [child, ...descendants(child)])
}
function listed(folder: string): string[] {
  try {
    return readdirSync(folder)
  } catch {
    return []
  }
}
function read(file: string): string {
  try {
    return readFileSync(file, 'utf8')
  } catch {
    return ''
  }
}

export function start(command: string, args: readonly string[], env: NodeJS.ProcessEnv = process.env): ChildProcess {
  return spawn(command, args, { stdio: ['pipe', 'pipe', 'inherit'], env })
}
