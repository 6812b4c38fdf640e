import type { IncomingHttpHeaders } from 'node:http'
import { LIST_ENCODINGS, type ListEncoding } from './list-text.ts'

/** Whether `If-None-Match` names this entity: by weak comparison, as a cache may have compressed it. RFC 9110, 13.1.2. */
export function isKnownToClient({ 'if-none-match': header }: IncomingHttpHeaders, etag: string): boolean {
  if (header === undefined) return false
  const opaque = (tag: string) => tag.trim().replace(/^W\//, '')
  return header.trim() === '*' || header.split(',').some((tag) => opaque(tag) === opaque(etag))
}

/** The best content coding that the client takes. RFC 9110, 12.5.3. */
export function chooseEncoding({ 'accept-encoding': header = '' }: IncomingHttpHeaders): ListEncoding | undefined {
  if (header === '') return undefined
  const weights = new Map<string, number>()
  for (const item of header.toString().split(',')) {
    const [name = '', ...parameters] = item.split(';').map((part) => part.trim())
    const weight = parameters.find((parameter) => /^q=/i.test(parameter))?.slice(2)
    weights.set(name.toLowerCase(), weight === undefined ? 1 : Number(weight))
  }
  const weightOf = (encoding: ListEncoding) => weights.get(encoding) ?? weights.get('*') ?? 0
  const best = Math.max(...LIST_ENCODINGS.map(weightOf))
  return best > 0 ? LIST_ENCODINGS.find((encoding) => weightOf(encoding) === best) : undefined
}
