const TABLE = new Int32Array(256)
for (let byte = 0; byte < 256; byte++) {
  let crc = byte << 24
  for (let bit = 0; bit < 8; bit++) crc = crc < 0 ? (crc << 1) ^ 0x04c11db7 : crc << 1
  TABLE[byte] = crc
}

/** CRC_32 of a section; 0 over a section that includes its own CRC. ISO/IEC 13818-1, annex A. */
export function crc32(bytes: Uint8Array, from = 0, to = bytes.length): number {
  let crc = -1
  for (let at = from; at < to; at++) crc = (crc << 8) ^ (TABLE[((crc >>> 24) ^ (bytes[at] ?? 0)) & 255] ?? 0)
  return crc >>> 0
}
