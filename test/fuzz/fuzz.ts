// Fuzzes every parser for longer than the unit tests do: `npm run fuzz -- [seconds per target] [part of a name]`.
import { globSync } from 'node:fs'
import { pathToFileURL } from 'node:url'
import { MillraceError } from '../../src/media/errors.ts'
import { ROOT } from '../support/requirements.ts'

type FuzzTarget = { readonly name: string; readonly seeds: readonly Uint8Array[]; run(bytes: Uint8Array): void }

const MAX_INPUT_MS = 2000
const MAX_GROWTH_BYTES = 512 * 1024 * 1024
const secondsPerTarget = Number(process.argv[2] ?? 30)
const wanted = process.argv[3] ?? ''

/** A small generator, so that a finding can be made again from its seed. */
function random(seed: number): () => number {
  let state = seed >>> 0 || 1
  return () => {
    state ^= state << 13
    state ^= state >>> 17
    state ^= state << 5
    return (state >>> 0) / 2 ** 32
  }
}

function mutate(seed: Uint8Array, other: Uint8Array, next: () => number): Uint8Array {
  let bytes = Uint8Array.from(seed)
  const times = 1 + Math.floor(next() * 8)
  for (let i = 0; i < times; i++) {
    const at = Math.floor(next() * (bytes.length + 1))
    const kind = Math.floor(next() * 5)
    if (kind === 0 && bytes.length > 0) bytes[at % bytes.length] = Math.floor(next() * 256)
    else if (kind === 1) bytes = bytes.slice(0, at)
    else if (kind === 2)
      bytes = Uint8Array.from(
        [...bytes.slice(0, at), ...other.slice(Math.floor(next() * other.length)), ...bytes.slice(at)].slice(0, 65_536),
      )
    else if (kind === 3 && bytes.length > 0) bytes.fill(next() < 0.5 ? 0 : 255, at, at + Math.floor(next() * 9))
    else bytes = Uint8Array.from([...bytes.slice(0, at), ...bytes.slice(at + Math.floor(next() * 16))])
  }
  return bytes
}

function fuzz(target: FuzzTarget): string | undefined {
  const startSeed = Date.now() >>> 0
  const next = random(startSeed)
  const pick = () => target.seeds[Math.floor(next() * target.seeds.length)] ?? new Uint8Array(0)
  const until = performance.now() + secondsPerTarget * 1000
  const rssBefore = process.memoryUsage.rss()
  let count = 0
  while (performance.now() < until) {
    const bytes = mutate(pick(), pick(), next)
    const startedMs = performance.now()
    try {
      target.run(bytes)
    } catch (error) {
      if (!(error instanceof MillraceError))
        return `${target.name}: ${(error as Error).stack}\n  input ${Buffer.from(bytes).toString('base64')}`
    }
    const tookMs = performance.now() - startedMs
    if (tookMs > MAX_INPUT_MS)
      return `${target.name}: ${Math.round(tookMs)} ms for ${Buffer.from(bytes).toString('base64')}`
    count++
  }
  const grown = process.memoryUsage.rss() - rssBefore
  if (grown > MAX_GROWTH_BYTES) return `${target.name}: memory grew by ${Math.round(grown / 1e6)} MB`
  console.log(`${target.name}: ${count} inputs, nothing found`)
  return undefined
}

const findings: string[] = []
for (const file of globSync('src/**/testing/fuzz-targets.ts', { cwd: ROOT }).sort()) {
  const { FUZZ_TARGETS } = (await import(pathToFileURL(`${ROOT}/${file}`).href)) as {
    FUZZ_TARGETS: readonly FuzzTarget[]
  }
  for (const target of FUZZ_TARGETS) {
    if (!target.name.includes(wanted)) continue
    const finding = fuzz(target)
    if (finding) findings.push(finding)
  }
}
for (const finding of findings) console.error(finding)
process.exit(findings.length === 0 ? 0 : 1)
