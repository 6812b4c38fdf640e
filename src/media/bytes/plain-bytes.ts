/**
 * The same bytes as a plain Uint8Array. A Buffer is one too, but its `slice` is a view where the type promises a copy:
 * whoever hands bytes of a socket or of a shared log to code that is written for Uint8Array takes them through here.
 */
export function plainBytes({ buffer, byteOffset, byteLength }: Uint8Array): Uint8Array {
  return new Uint8Array(buffer, byteOffset, byteLength)
}
