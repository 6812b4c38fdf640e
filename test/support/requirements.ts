import { execFileSync } from 'node:child_process'
import { existsSync } from 'node:fs'
import { fileURLToPath } from 'node:url'

export const ROOT = fileURLToPath(new URL('../..', import.meta.url))
const MEDIA = fileURLToPath(new URL('../../../shared/media', import.meta.url))

/** In CI every outside program is there, and a test that cannot run is a failure. */
const REQUIRE_ALL = process.env.MILLRACE_REQUIRE_ALL === '1'

/** The value for a test's `skip` option: why it cannot run here, or false. Throws where nothing may be skipped. */
export function skipUnless(condition: boolean, what: string): string | false {
  if (condition) return false
  if (REQUIRE_ALL) throw new Error(`${what} is required by MILLRACE_REQUIRE_ALL and not here`)
  return `${what} is not installed`
}

export function hasCommand(name: string): boolean {
  try {
    execFileSync('sh', ['-c', `command -v ${name}`], { stdio: 'ignore' })
    return true
  } catch {
    return false
  }
}

export const skipWithoutFfmpeg = (): string | false => skipUnless(hasCommand('ffmpeg'), 'ffmpeg')

/** A real clip, or undefined where the folder of clips is missing: those are no part of the project. */
export function clip(name: string): string | undefined {
  const path = `${MEDIA}/${name}`
  return existsSync(path) ? path : undefined
}

/** A file of test/fixtures. */
export function fixture(name: string): string {
  return `${ROOT}/test/fixtures/${name}`
}
