import { setFlagsFromString } from 'node:v8'
import { runInNewContext } from 'node:vm'

/** So long after its start a thread has loaded what it needs. */
const CALM_MS = 3000

/**
 * Collects once what the start of this thread has left. V8 collects when something is allocated, which an idle server
 * hardly does; after a collection it gives memory back to the system by itself, some ten seconds later.
 */
export function collectStartGarbage(): void {
  setTimeout(() => {
    setFlagsFromString('--expose-gc')
    const collect: unknown = runInNewContext('globalThis.gc')
    if (typeof collect === 'function') collect()
  }, CALM_MS).unref()
}
