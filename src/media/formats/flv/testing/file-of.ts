import { tagBytes } from '../index.ts'
import { concat } from './collect.ts'

/** A file of these tags. */
export function fileOf(tags: readonly (readonly [8 | 9 | 18, number, Uint8Array])[]): Uint8Array {
  const header = Uint8Array.of(0x46, 0x4c, 0x56, 1, 5, 0, 0, 0, 9, 0, 0, 0, 0)
  const parts = tags.map(([type, timestampMs, body]) => tagBytes({ type, timestampMs, parts: [body] }))
  const length = parts.reduce((sum, part) => sum + part.length, header.length)
  if (length < 100_000) return concat([header, ...parts])
  const file = new Uint8Array(length)
  file.set(header)
  let at = header.length
  for (const part of parts) {
    file.set(part, at)
    at += part.length
  }
  return file
}
