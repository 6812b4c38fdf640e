import { controlBytes } from './command.ts'
import { MESSAGE_TYPE } from './messages.ts'

/** What we announce, and what we take as the peer's until it says its own. */
export const WINDOW_BYTES = 2_500_000
/** A window below this would make us answer every packet. */
const MIN_WINDOW_BYTES = 1024

/** Acknowledgements of both directions. RTMP 1.0, 5.4.3–5.4.5. */
export class FlowControl {
  readonly #send: (bytes: Uint8Array) => void
  #receivedBytes = 0
  #acknowledgedBytes = 0
  #peerWindowBytes = WINDOW_BYTES
  #announcedBytes: number | undefined
  /** The peer's last acknowledgement, modulo 2^32; undefined before the first. */
  peerAcknowledged: number | undefined

  constructor(send: (bytes: Uint8Array) => void) {
    this.#send = send
  }

  get receivedBytes(): number {
    return this.#receivedBytes
  }

  received(bytes: number): void {
    this.#receivedBytes += bytes
    if (this.#receivedBytes - this.#acknowledgedBytes < this.#peerWindowBytes) return
    this.#acknowledgedBytes = this.#receivedBytes
    this.#send(controlBytes(MESSAGE_TYPE.acknowledgement, this.#receivedBytes % 2 ** 32))
  }

  /** Window Acknowledgement Size from the peer. */
  peerWindow(bytes: number): void {
    this.#peerWindowBytes = Math.max(bytes, MIN_WINDOW_BYTES)
  }

  /** Set Peer Bandwidth from the peer asks us for our window, where it differs from the last one said. */
  peerAsksFor(bytes: number): void {
    if (bytes === this.#announcedBytes) return
    this.announce(bytes)
  }

  announce(bytes: number): void {
    this.#announcedBytes = bytes
    this.#send(controlBytes(MESSAGE_TYPE.windowAckSize, bytes))
  }
}
