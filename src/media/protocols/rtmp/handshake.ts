import { MalformedInputError, UnsupportedInputError } from '../../errors.ts'
import { joinParts } from './chunk-writer.ts'
import { findClientDigest, HANDSHAKE_BYTES, type RtmpCrypto, signedReply, signServerBlock } from './handshake-digest.ts'

const PLAIN_VERSION = 3
/** Any version above 0 in S1 tells Flash clients that a digest follows. */
const SERVER_VERSION = [4, 5, 0, 1]

/** The next run of bytes that a handshake needs, gathered over any input cuts. */
class Run {
  readonly #bytes: Uint8Array
  #have = 0
  constructor(length: number) {
    this.#bytes = new Uint8Array(length)
  }
  /** How much of `input` was used. */
  add(input: Uint8Array): number {
    const taken = Math.min(this.#bytes.length - this.#have, input.length)
    this.#bytes.set(input.subarray(0, taken), this.#have)
    this.#have += taken
    return taken
  }
  get first(): number | undefined {
    return this.#bytes[0]
  }
  get whole(): Uint8Array | undefined {
    return this.#have === this.#bytes.length ? this.#bytes : undefined
  }
}

/** C0, C1 in; S0, S1, S2 out; C2 in and done. Plain, or with digests where the client's C1 has one. RTMP 1.0, 5.2. */
export class RtmpServerHandshake {
  readonly #crypto: RtmpCrypto
  readonly #send: (bytes: Uint8Array) => void
  readonly #hello = new Run(1 + HANDSHAKE_BYTES)
  #isAnswered = false
  /** Of C2, which says nothing that we do not know. */
  #missingBytes = HANDSHAKE_BYTES

  constructor(crypto: RtmpCrypto, send: (bytes: Uint8Array) => void) {
    this.#crypto = crypto
    this.#send = send
  }

  get isDone(): boolean {
    return this.#missingBytes === 0
  }

  /** Returns how many bytes belong to the handshake; the rest is for the chunk reader. */
  receive(input: Uint8Array): number {
    if (input.length === 0) return 0
    const used = this.#hello.add(input)
    const hello = this.#hello.whole
    checkVersion(this.#hello.first)
    if (hello === undefined) return used
    if (!this.#isAnswered) this.#answer(hello.subarray(1))
    const acknowledged = Math.min(this.#missingBytes, input.length - used)
    this.#missingBytes -= acknowledged
    return used + acknowledged
  }

  #answer(c1: Uint8Array): void {
    this.#isAnswered = true
    const found = (c1[4] ?? 0) === 0 ? undefined : findClientDigest(this.#crypto, c1)
    const answer = new Uint8Array(1 + 2 * HANDSHAKE_BYTES)
    answer[0] = PLAIN_VERSION
    const s1 = answer.subarray(1, 1 + HANDSHAKE_BYTES)
    s1.set(this.#crypto.randomBytes(HANDSHAKE_BYTES - 8), 8)
    if (found !== undefined) {
      s1.set(SERVER_VERSION, 4)
      signServerBlock(this.#crypto, s1, found.scheme)
    }
    const s2 = found === undefined ? c1 : signedReply(this.#crypto, found.digest)
    answer.set(s2, 1 + HANDSHAKE_BYTES)
    this.#send(answer)
  }
}

/** C0, C1 out; S0, S1, S2 in; C2 out and done. The plain handshake. RTMP 1.0, 5.2. */
export class RtmpClientHandshake {
  readonly #crypto: Pick<RtmpCrypto, 'randomBytes'>
  readonly #send: (bytes: Uint8Array) => void
  readonly #answer = new Run(1 + 2 * HANDSHAKE_BYTES)
  #isDone = false

  constructor(crypto: Pick<RtmpCrypto, 'randomBytes'>, send: (bytes: Uint8Array) => void) {
    this.#crypto = crypto
    this.#send = send
  }

  get isDone(): boolean {
    return this.#isDone
  }

  start(): void {
    const c1 = this.#crypto.randomBytes(HANDSHAKE_BYTES).slice()
    c1.fill(0, 0, 8)
    this.#send(joinParts([Uint8Array.of(PLAIN_VERSION), c1]))
  }

  /** Returns how many bytes belong to the handshake. */
  receive(input: Uint8Array): number {
    const used = this.#answer.add(input)
    const answer = this.#answer.whole
    if (answer !== undefined && !this.#isDone) {
      checkVersion(answer[0])
      this.#isDone = true
      this.#send(answer.slice(1, 1 + HANDSHAKE_BYTES))
    }
    return used
  }
}

/** C0 and S0. 5.2.2. */
function checkVersion(version: number | undefined): void {
  if (version === PLAIN_VERSION) return
  if (version !== undefined && version > PLAIN_VERSION && version < 32) {
    throw new UnsupportedInputError(`RTMP version ${version} is not supported`)
  }
  throw new MalformedInputError('version', 0, 'this is not RTMP')
}
