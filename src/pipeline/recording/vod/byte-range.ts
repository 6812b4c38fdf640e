/** Bytes [from, to). */
export type ByteRange = { readonly from: number; readonly to: number }

/**
 * A single range of a `Range` header. Undefined: send everything (no header, several ranges, another unit).
 * 'unsatisfiable': answer 416. RFC 9110, 14.1.2.
 */
export function parseByteRange(
  header: string | undefined,
  totalBytes: number,
): ByteRange | 'unsatisfiable' | undefined {
  const match = /^bytes=(\d*)-(\d*)$/.exec(header?.trim() ?? '')
  if (!match || (match[1] === '' && match[2] === '')) return undefined
  const [, first = '', last = ''] = match
  if (first === '') {
    const suffix = Math.min(Number(last), totalBytes)
    return suffix === 0 ? 'unsatisfiable' : { from: totalBytes - suffix, to: totalBytes }
  }
  const from = Number(first)
  if (from >= totalBytes) return 'unsatisfiable'
  if (last === '') return { from, to: totalBytes }
  if (Number(last) < from) return undefined
  return { from, to: Math.min(Number(last) + 1, totalBytes) }
}
