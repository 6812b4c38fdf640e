import { BlockList, isIPv4, isIPv6 } from 'node:net'

const loopback = new BlockList()
loopback.addSubnet('127.0.0.0', 8, 'ipv4')
loopback.addAddress('::1', 'ipv6')

/** `::ffff:127.0.0.1` and `127.0.0.1` are one address. */
export function plainAddress(address: string | undefined): string {
  return (address ?? '').replace(/^::ffff:(?=\d+\.\d+\.\d+\.\d+$)/, '')
}
export function isLoopback(address: string | undefined): boolean {
  const plain = plainAddress(address)
  if (isIPv4(plain)) return loopback.check(plain, 'ipv4')
  return isIPv6(plain) && loopback.check(plain, 'ipv6')
}
