import { readdirSync } from 'node:fs'
import { constants, setPriority } from 'node:os'

/**
 * Gives this process the lowest priority, so that it has the CPU that nothing else wants. Linux counts it by thread:
 * those that begin later have it of the one that starts them. Nothing happens where the system does not allow it.
 */
export function yieldToOthers(): void {
  const threads = process.platform === 'linux' ? readdirSync('/proc/self/task').map(Number) : [0]
  for (const thread of threads) {
    try {
      setPriority(thread, constants.priority.PRIORITY_LOW)
    } catch {
      // A thread may have ended meanwhile; without the priority the work is done all the same.
    }
  }
}
