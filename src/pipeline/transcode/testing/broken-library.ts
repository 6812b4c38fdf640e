import { mkdtempSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'

/** A codec package that is installed and cannot be loaded (its native part is missing). */
export function brokenLibrary(): Disposable & { readonly library: string } {
  const library = mkdtempSync(join(tmpdir(), 'millrace-broken-'))
  for (const part of ['lib', 'constants']) writeFileSync(join(library, part), "throw new Error('no native part here')")
  return { library, [Symbol.dispose]: () => rmSync(library, { recursive: true }) }
}

export const ABSENT_LIBRARY = 'millrace-has-no-such-package'
