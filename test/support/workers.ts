import assert from 'node:assert/strict'
import { after, before, describe } from 'node:test'
import { poll } from './poll.ts'
import { type LogLine, TestServer } from './server.ts'

const WORKER_COUNTS = [1, 2, 4] as const
/** The kernel spreads connections by their ports: that one of four workers gets none has odds of 1 in 25,000. */
export const MANY_VIEWERS = 40

export type WithWorkers = { readonly workers: number; readonly server: TestServer }

/** The same tests against one server with 1, one with 2 and one with 4 media workers. Each test has its own streams. */
export function describeWorkers(
  what: string,
  sets: readonly string[],
  define: (context: WithWorkers) => void,
  counts: readonly number[] = WORKER_COUNTS,
): void {
  for (const workers of counts) {
    describe(`${what} (${workers} workers)`, { concurrency: true }, () => {
      let server: TestServer | undefined
      before(async () => {
        server = await TestServer.start([`workers=${workers}`, ...sets])
      })
      after(async () => {
        const died = server?.lines.filter(({ event }) => event === 'worker.failed')
        await server?.[Symbol.asyncDispose]()
        assert.deepEqual(died, [], 'no worker failed')
      })
      define({
        workers,
        get server(): TestServer {
          assert.ok(server, 'the server runs while tests do')
          return server
        },
      })
    })
  }
}

/** The workers that `count` viewers of `stream` were on, by the log lines of their ends. */
export async function workersOf(server: TestServer, stream: string, count: number): Promise<Set<unknown>> {
  const closed = await poll('the log lines of all viewers', () => {
    const lines = server.lines.filter((line: LogLine) => line.event === 'viewer.closed' && line.stream === stream)
    return lines.length >= count ? lines : undefined
  })
  return new Set(closed.map(({ worker }) => worker))
}
