import { MillraceError } from '../../../errors.ts'
import { ChunkReader, RtmpClientSession, RtmpServerSession } from '../index.ts'
import { CHUNK_CASES } from './chunk-cases.ts'
import { concat, hex } from './messages-of.ts'
import { Pair } from './pair.ts'

export type FuzzTarget = { name: string; seeds: Uint8Array[]; run(bytes: Uint8Array): void }

const CRYPTO = {
  hmacSha256: (): Uint8Array => new Uint8Array(32),
  randomBytes: (length: number): Uint8Array => new Uint8Array(length),
}
const nothing = (): void => {}

/** What really goes over the wire, per direction, behind the handshake. */
function recordedSessions(): { toServer: Uint8Array[]; toClient: Uint8Array[] } {
  const recorded = { toServer: [] as Uint8Array[], toClient: [] as Uint8Array[] }
  for (const purpose of ['publish', 'play'] as const) {
    const [toServer, toClient]: [Uint8Array[], Uint8Array[]] = [[], []]
    const pair = new Pair({ purpose }, {})
    const step = (): void => {
      while (pair.toServer.length + pair.toClient.length > 0) {
        for (const bytes of pair.toServer.splice(0)) {
          toServer.push(bytes)
          pair.server.receive(bytes, 0)
        }
        for (const bytes of pair.toClient.splice(0)) {
          toClient.push(bytes)
          pair.client.receive(bytes)
        }
      }
    }
    step()
    pair.server.acceptPublish(1)
    pair.server.acceptPlay(1)
    step()
    pair.client.sendMedia(8, 0, [Uint8Array.of(0xaf, 1, 2, 3)])
    pair.client.close()
    step()
    recorded.toServer.push(concat(toServer).subarray(1 + 2 * 1536))
    recorded.toClient.push(concat(toClient).subarray(1 + 2 * 1536))
  }
  return recorded
}
const RECORDED = recordedSessions()

/** The sessions answer faults with onClose; anything that they throw or pass on else is a finding. */
function mustBeOurs(error: unknown): void {
  if (error !== undefined && !(error instanceof MillraceError)) throw error
}

/** Nothing but MillraceError may come out of these, whatever the bytes. */
export const FUZZ_TARGETS: FuzzTarget[] = [
  {
    name: 'rtmp/chunk-reader',
    seeds: CHUNK_CASES.map(({ bytes }) => hex(bytes)),
    run(bytes) {
      const reader = new ChunkReader(nothing)
      reader.push(bytes.subarray(0, bytes.length >> 1))
      reader.push(bytes.subarray(bytes.length >> 1))
    },
  },
  {
    name: 'rtmp/server-session',
    seeds: RECORDED.toServer,
    run(bytes) {
      const session = new RtmpServerSession(
        {
          send: nothing,
          onPublish: ({ messageStreamId }) => session.acceptPublish(messageStreamId),
          onPlay: ({ messageStreamId }) => session.acceptPlay(messageStreamId),
          onUnpublish: nothing,
          onStop: nothing,
          onMedia: nothing,
          onClose: mustBeOurs,
        },
        CRYPTO,
        0,
      )
      session.receive(concat([Uint8Array.of(3), new Uint8Array(2 * 1536)]), 0)
      session.receive(bytes, 1)
      session.close()
    },
  },
  {
    name: 'rtmp/client-session',
    seeds: RECORDED.toClient,
    run(bytes) {
      const handler = { send: nothing, onReady: nothing, onMedia: nothing, onClose: mustBeOurs }
      const options = { purpose: 'play', app: 'a', tcUrl: 'rtmp://h/a', streamKey: 'b' } as const
      const session = new RtmpClientSession(handler, CRYPTO, options)
      session.start()
      session.receive(concat([Uint8Array.of(3), new Uint8Array(2 * 1536)]))
      session.receive(bytes)
      session.close()
    },
  },
]
