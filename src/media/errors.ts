/** Whose fault a failure is; decides what is logged, counted and told to the peer. */
export type Fault = 'peer' | 'policy' | 'operator' | 'environment' | 'bug'

/** Every error that Millrace throws on purpose. `code` is stable and has a paragraph in docs/errors.md. */
export abstract class MillraceError extends Error {
  abstract readonly fault: Fault
  abstract readonly code: string
  override get name(): string {
    return this.constructor.name
  }
}

/** Bytes from a peer that break their standard. `offset` counts from the start of the structure being read. */
export class MalformedInputError extends MillraceError {
  readonly fault = 'peer'
  readonly code = 'malformed-input'
  readonly field: string
  readonly offset: number
  constructor(field: string, offset: number, problem: string) {
    super(`${field} at byte ${offset}: ${problem}`)
    this.field = field
    this.offset = offset
  }
}

/** Correct bytes that ask for something Millrace does not do. */
export class UnsupportedInputError extends MillraceError {
  readonly fault = 'peer'
  readonly code = 'unsupported-input'
}

/** A bound that protects the server was reached by a peer (message size, tracks, nesting …). */
export class LimitExceededError extends MillraceError {
  readonly fault = 'peer'
  readonly code = 'limit-exceeded'
}

/** A fault of our own. */
export class InvariantError extends MillraceError {
  readonly fault = 'bug'
  readonly code = 'invariant'
}

/** For exhaustive switches and for what the types cannot say. */
export function invariant(condition: unknown, message: string): asserts condition {
  if (!condition) throw new InvariantError(message)
}
