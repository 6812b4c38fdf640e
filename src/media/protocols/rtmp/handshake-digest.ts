/** HMAC-SHA256 and random bytes are handed in, because `media/` has no cryptography of its own. */
export type RtmpCrypto = {
  hmacSha256(key: Uint8Array, data: Uint8Array): Uint8Array
  randomBytes(length: number): Uint8Array
}

export const HANDSHAKE_BYTES = 1536
const DIGEST_BYTES = 32

/**
 * Where the four bytes that say the digest's place stand, per scheme: behind the key block, or in front of it.
 * Not in Adobe's document; known from the clients that use it (Flash Player, librtmp, FFmpeg, OBS).
 */
const OFFSET_FIELD_AT = [772, 8] as const
const OFFSET_RANGE = 728

const CLIENT_TEXT = 'Genuine Adobe Flash Player 001'
const SERVER_TEXT = 'Genuine Adobe Flash Media Server 001'
const KEY_TAIL = [
  0xf0, 0xee, 0xc2, 0x4a, 0x80, 0x68, 0xbe, 0xe8, 0x2e, 0x00, 0xd0, 0xd1, 0x02, 0x9e, 0x7e, 0x57, 0x6e, 0xec, 0x5d,
  0x2d, 0x29, 0x80, 0x6f, 0xab, 0x93, 0xb8, 0xe6, 0x36, 0xcf, 0xeb, 0x31, 0xae,
]
const ascii = (text: string): Uint8Array => Uint8Array.from(text, (character) => character.charCodeAt(0))
const CLIENT_KEY = ascii(CLIENT_TEXT)
const SERVER_KEY = ascii(SERVER_TEXT)
const SERVER_FULL_KEY = Uint8Array.from([...SERVER_KEY, ...KEY_TAIL])

export type FoundDigest = { readonly scheme: 0 | 1; readonly digest: Uint8Array }

/** The digest of a C1 that has one, else undefined: the plain handshake. `digest` is a view on `c1`. */
export function findClientDigest(crypto: RtmpCrypto, c1: Uint8Array): FoundDigest | undefined {
  for (const scheme of [0, 1] as const) {
    const at = digestAt(c1, scheme)
    const digest = c1.subarray(at, at + DIGEST_BYTES)
    if (isEqual(digest, digestOf(crypto, CLIENT_KEY, c1, at))) return { scheme, digest }
  }
  return undefined
}

/** Puts the server's digest into an S1 that is random so far, by the scheme that the client used. */
export function signServerBlock(crypto: RtmpCrypto, s1: Uint8Array, scheme: 0 | 1): void {
  const at = digestAt(s1, scheme)
  s1.set(digestOf(crypto, SERVER_KEY, s1, at), at)
}

/** S2 of the digest handshake: random, signed with a key made from the client's digest. */
export function signedReply(crypto: RtmpCrypto, clientDigest: Uint8Array): Uint8Array {
  const reply = crypto.randomBytes(HANDSHAKE_BYTES).slice()
  const key = crypto.hmacSha256(SERVER_FULL_KEY, clientDigest)
  const signedBytes = HANDSHAKE_BYTES - DIGEST_BYTES
  reply.set(crypto.hmacSha256(key, reply.subarray(0, signedBytes)), signedBytes)
  return reply
}

/** Puts the client's digest into a C1, as Flash Player does. For tests and for servers that ask for it. */
export function signClientBlock(crypto: RtmpCrypto, c1: Uint8Array, scheme: 0 | 1): void {
  const at = digestAt(c1, scheme)
  c1.set(digestOf(crypto, CLIENT_KEY, c1, at), at)
}

function digestAt(block: Uint8Array, scheme: 0 | 1): number {
  const field = OFFSET_FIELD_AT[scheme]
  let sum = 0
  for (let i = 0; i < 4; i++) sum += block[field + i] ?? 0
  return field + 4 + (sum % OFFSET_RANGE)
}

/** HMAC of the block without the digest itself. */
function digestOf(crypto: RtmpCrypto, key: Uint8Array, block: Uint8Array, at: number): Uint8Array {
  const data = new Uint8Array(HANDSHAKE_BYTES - DIGEST_BYTES)
  data.set(block.subarray(0, at))
  data.set(block.subarray(at + DIGEST_BYTES), at)
  return crypto.hmacSha256(key, data)
}

function isEqual(a: Uint8Array, b: Uint8Array): boolean {
  return a.length === b.length && a.every((byte, i) => byte === b[i])
}
