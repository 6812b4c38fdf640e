import { createHmac, randomBytes } from 'node:crypto'
import type { RtmpCrypto } from '../index.ts'

export const NODE_CRYPTO: RtmpCrypto = {
  hmacSha256: (key, data) => new Uint8Array(createHmac('sha256', key).update(data).digest()),
  randomBytes: (length) => new Uint8Array(randomBytes(length)),
}
