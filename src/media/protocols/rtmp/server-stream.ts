import type { RtmpMediaType, RtmpMessage } from './messages.ts'

export type ServerStreamState = 'idle' | 'publish-asked' | 'publishing' | 'play-asked' | 'playing'

/** Media that a publisher sends before it has been answered: kept, because it holds the sequence headers. */
const MAX_EARLY_BYTES = 1024 * 1024
const MAX_EARLY_MESSAGES = 256

type EarlyMedia = { readonly type: RtmpMediaType; readonly timestampMs: number; readonly body: Uint8Array }

/** One message stream of a connection. RTMP 1.0, 7.2.2. */
export class ServerStream {
  readonly id: number
  state: ServerStreamState = 'idle'
  /** As the peer wrote it in its publish command, to know it again in FCUnpublish. */
  streamKey = ''
  #early: EarlyMedia[] = []
  #earlyBytes = 0

  constructor(id: number) {
    this.id = id
  }

  /** False where there is no room left. */
  keepEarly(type: RtmpMediaType, message: RtmpMessage, body: Uint8Array): boolean {
    if (this.#early.length >= MAX_EARLY_MESSAGES || this.#earlyBytes + body.length > MAX_EARLY_BYTES) return false
    this.#earlyBytes += body.length
    this.#early.push({ type, timestampMs: message.timestampMs, body: body.slice() })
    return true
  }

  takeEarly(): readonly EarlyMedia[] {
    const early = this.#early
    this.#early = []
    this.#earlyBytes = 0
    return early
  }
}
