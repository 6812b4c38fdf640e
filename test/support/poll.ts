import { setTimeout as delay } from 'node:timers/promises'

const STEP_MS = 20
const TRIES = 1500

/** Asks until the answer is defined; for what the server only tells when it is asked. Bounded. */
export async function poll<T>(what: string, ask: () => Promise<T | undefined> | T | undefined): Promise<T> {
  for (let tries = 0; tries < TRIES; tries++) {
    const answer = await ask()
    if (answer !== undefined) return answer
    await delay(STEP_MS)
  }
  throw new Error(`waited too long for ${what}`)
}
