import { setTimeout as delay } from 'node:timers/promises'
import type { HttpPublisher } from './http-publisher.ts'

const STEP_FRAMES = 5
const STEP_MS = 10
const MOST_STEPS = 500

/** HLS starts with the first request: its first segment needs the frames that come after. */
export async function whileSending<T>(publisher: HttpPublisher, work: Promise<T>): Promise<T> {
  let isDone = false
  const done = work.finally(() => {
    isDone = true
  })
  for (let step = 0; step < MOST_STEPS && !isDone; step++) {
    await publisher.send(STEP_FRAMES)
    await Promise.race([done, delay(STEP_MS)])
  }
  return await done
}
