import { randomInt } from 'node:crypto'
import { once } from 'node:events'
import { connect, createServer } from 'node:net'
import { setTimeout as delay } from 'node:timers/promises'

/** Below the ports that the system hands out unasked, so that nobody is given one between its choice and its use. */
const FIRST_PORT = 20_000
const PORT_LIMIT = 32_000
const TRIES = 100
const ACCEPT_PATIENCE_MS = 15_000
const RETRY_MS = 20

/** A port that is free, and the next one too. */
export async function freePort(): Promise<number> {
  for (let tries = 0; tries < TRIES; tries++) {
    const port = randomInt(FIRST_PORT, PORT_LIMIT)
    if ((await isFree(port)) && (await isFree(port + 1))) return port
  }
  throw new Error(`no two free ports in a row between ${FIRST_PORT} and ${PORT_LIMIT}`)
}

/** Resolves once somebody accepts connections at the port. */
export async function accepting(port: number): Promise<void> {
  const deadlineMs = performance.now() + ACCEPT_PATIENCE_MS
  while (!(await isAccepting(port))) {
    if (performance.now() > deadlineMs) throw new Error(`nobody accepts connections at 127.0.0.1:${port}`)
    await delay(RETRY_MS)
  }
}

async function isFree(port: number): Promise<boolean> {
  await using server = createServer()
  server.listen(port, '127.0.0.1')
  return await happens(server, 'listening')
}

async function isAccepting(port: number): Promise<boolean> {
  const socket = connect(port, '127.0.0.1')
  try {
    return await happens(socket, 'connect')
  } finally {
    socket.destroy()
  }
}

/** False where an error came first. */
async function happens(emitter: NodeJS.EventEmitter, event: string): Promise<boolean> {
  return await once(emitter, event).then(
    () => true,
    () => false,
  )
}
