/** UTF-8 without TextEncoder, which `media/` may not assume. RFC 3629. */
export function encodeUtf8(text: string): Uint8Array {
  const out: number[] = []
  for (const character of text) {
    const code = character.codePointAt(0) ?? 0
    if (code < 0x80) out.push(code)
    else if (code < 0x800) out.push(0xc0 | (code >> 6), 0x80 | (code & 63))
    else if (code < 0x10000) out.push(0xe0 | (code >> 12), 0x80 | ((code >> 6) & 63), 0x80 | (code & 63))
    else out.push(0xf0 | (code >> 18), 0x80 | ((code >> 12) & 63), 0x80 | ((code >> 6) & 63), 0x80 | (code & 63))
  }
  return Uint8Array.from(out)
}

const REPLACEMENT = 0xfffd
const MINIMUM_BY_LENGTH = [0, 0, 0x80, 0x800, 0x10000] as const

/** Never throws: what is not UTF-8 becomes U+FFFD. */
export function decodeUtf8(bytes: Uint8Array): string {
  let text = ''
  let at = 0
  while (at < bytes.length) {
    const lead = bytes[at] ?? 0
    const length =
      lead < 0x80
        ? 1
        : lead >= 0xc2 && lead < 0xe0
          ? 2
          : lead >= 0xe0 && lead < 0xf0
            ? 3
            : lead >= 0xf0 && lead < 0xf5
              ? 4
              : 0
    const code = length === 0 ? -1 : decodeSequence(bytes, at, length, lead)
    text += String.fromCodePoint(code < 0 ? REPLACEMENT : code)
    at += code < 0 ? 1 : length
  }
  return text
}

function decodeSequence(bytes: Uint8Array, at: number, length: number, lead: number): number {
  if (length === 1) return lead
  if (at + length > bytes.length) return -1
  let code = lead & (0x7f >> length)
  for (let i = 1; i < length; i++) {
    const next = bytes[at + i] ?? 0
    if ((next & 0xc0) !== 0x80) return -1
    code = (code << 6) | (next & 63)
  }
  if (code < (MINIMUM_BY_LENGTH[length] ?? 0) || code > 0x10ffff || (code >= 0xd800 && code < 0xe000)) return -1
  return code
}
