import { UnavailableError } from '../../errors.ts'

/** What the operator can do about a disk. */
export function unavailable(error: unknown): UnavailableError {
  const { code, message } = error as NodeJS.ErrnoException
  return new UnavailableError(
    'disk',
    code === 'ENOSPC' ? 'no space is left; free some or set storage.path to another disk' : message,
  )
}
