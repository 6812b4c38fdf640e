import { MillraceError } from '../media/errors.ts'

/** Policy said no: key, address, name already in use. The reason is for the peer and never holds a secret. */
export class AccessDeniedError extends MillraceError {
  readonly fault = 'policy'
  readonly code: 'access-denied' | 'name-in-use' | 'not-found'
  constructor(message: string, code: 'access-denied' | 'name-in-use' | 'not-found' = 'access-denied') {
    super(message)
    this.code = code
  }
}

/** The operator's configuration is wrong: which file, which key, what was expected and what was found. */
export class ConfigurationError extends MillraceError {
  readonly fault = 'operator'
  readonly code = 'configuration'
  readonly key: string
  constructor(source: string, key: string, expected: string, found: string) {
    super(`${source}: ${key}: expected ${expected}, found ${found}`)
    this.key = key
  }
}

/** Disk, database, memory pool, object store or another node does not answer or has no room. */
export class UnavailableError extends MillraceError {
  readonly fault = 'environment'
  readonly code = 'unavailable'
  readonly what: string
  constructor(what: string, problem: string) {
    super(`${what}: ${problem}`)
    this.what = what
  }
}
