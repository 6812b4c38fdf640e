import { createHash, randomBytes, timingSafeEqual } from 'node:crypto'

/** Compares secrets in constant time, whatever their lengths. */
export function sameSecret(given: string, expected: string): boolean {
  return timingSafeEqual(digest(given), digest(expected))
}
/** For secrets of full entropy that we made ourselves (tokens), a plain SHA-256 is a safe form to keep. */
export function hashToken(token: string): string {
  return digest(token).toString('hex')
}
export function tokenMatches(token: string, hash: string): boolean {
  return timingSafeEqual(digest(token), Buffer.from(hash, 'hex'))
}
export function newToken(): string {
  return randomBytes(24).toString('base64url')
}
function digest(text: string): Buffer {
  return createHash('sha256').update(text).digest()
}
