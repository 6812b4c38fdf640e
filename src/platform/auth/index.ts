export { isLoopback, plainAddress } from './addresses.ts'
export { hashToken, newToken, sameSecret, tokenMatches } from './keys.ts'
