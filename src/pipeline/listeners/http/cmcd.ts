import type { IncomingHttpHeaders } from 'node:http'

/** What a player tells of itself with its requests. CTA-5004 and CTA-5004-A (version 2); keys as there. */
export type Cmcd = ReadonlyMap<string, string | number | boolean>

const HEADERS = ['cmcd-session', 'cmcd-object', 'cmcd-request', 'cmcd-status'] as const
const MAX_BYTES = 4096
const NOTHING: Cmcd = new Map()
const PAIR = /\s*([A-Za-z][A-Za-z0-9._-]*)(?:=("(?:[^"\\]|\\.)*"|[^,]*))?(?:,|$)/y

/** From the query argument `CMCD`, or the four headers. Empty where a player says nothing; what cannot be read is left out. */
export function readCmcd(query: URLSearchParams, headers: IncomingHttpHeaders): Cmcd {
  if (!query.has('CMCD') && !HEADERS.some((name) => headers[name])) return NOTHING
  const text = query.get('CMCD') ?? HEADERS.map((name) => headers[name] ?? '').join(',')
  const values = new Map<string, string | number | boolean>()
  if (text.length > MAX_BYTES) return values
  const trimmed = text.replace(/,(\s*,)+/g, ',').replace(/^[\s,]+|[\s,]+$/g, '')
  PAIR.lastIndex = 0
  while (PAIR.lastIndex < trimmed.length) {
    const [, key, value] = PAIR.exec(trimmed) ?? []
    if (key === undefined) break
    values.set(key, toValue(value))
  }
  return values
}

/** A key alone is true; texts stand in quotation marks; tokens have none. */
function toValue(text: string | undefined): string | number | boolean {
  if (text === undefined) return true
  if (text.startsWith('"')) return text.slice(1, -1).replace(/\\(.)/g, '$1')
  return /^-?\d+(\.\d+)?$/.test(text) ? Number(text) : text
}
