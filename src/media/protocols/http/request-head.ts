/** The head of a request that asks for something and brings nothing along. RFC 9112, 2.1. */
export type RequestHead = {
  readonly method: 'GET' | 'HEAD'
  /** In origin form: an absolute path, and the query if there is one. RFC 9112, 3.2.1. */
  readonly target: string
  /** By names in small letters. */
  readonly headers: Readonly<Record<string, string>>
  /** The client wants no further answer on this connection (`Connection: close`). RFC 9112, 9.6. */
  readonly isLast: boolean
  /** Behind the empty line. */
  readonly end: number
}

/** Nobody sends more to ask for a segment. */
const MAX_CHARACTERS = 8192
const MAX_FIELDS = 64
const VERSION = ' HTTP/1.1\r\n'
/** pchar, `/` and `?`. RFC 3986, 3.3 and 3.4. */
const TARGET = /^\/[A-Za-z0-9\-._~!$&'()*+,;=:@/?%]*$/
/** Field lines up to the empty line: plain names, visible characters, no line folding. RFC 9112, 5. */
const FIELDS = /(?:[A-Za-z0-9-]+:[\t\x20-\x7e]*\r\n)*\r\n/y
const HOST = /^[A-Za-z0-9\-._~:[\]]+$/
/** Those that frame a body, change the protocol or want an answer in between. */
const OTHERS_BUSINESS: ReadonlySet<string> = new Set([
  'content-length',
  'transfer-encoding',
  'te',
  'trailer',
  'upgrade',
  'expect',
  'http2-settings',
  'proxy-connection',
])

/**
 * Reads the head that starts at `from` in `text` (bytes as Latin-1). Undefined: it is not whole, or there is anything
 * about it that would need thought. It is then for a complete HTTP parser, all of it: what two parsers could
 * understand differently is never understood here (RFC 9112, 11.2).
 */
export function parseRequestHead(text: string, from = 0): RequestHead | undefined {
  const method = text.startsWith('GET /', from) ? 'GET' : text.startsWith('HEAD /', from) ? 'HEAD' : undefined
  if (!method) return undefined
  const targetFrom = from + method.length + 1
  const targetEnd = text.indexOf(' ', targetFrom)
  if (targetEnd < 0 || !text.startsWith(VERSION, targetEnd)) return undefined
  const target = text.slice(targetFrom, targetEnd)
  if (!TARGET.test(target)) return undefined
  const fieldsFrom = targetEnd + VERSION.length
  FIELDS.lastIndex = fieldsFrom
  if (!FIELDS.test(text)) return undefined
  const end = FIELDS.lastIndex
  if (end - from > MAX_CHARACTERS) return undefined
  const headers = readFields(text, fieldsFrom, end - 2)
  return headers && { method, target, headers, isLast: headers.connection !== undefined && isClose(headers), end }
}

/** Undefined where a field is none of ours, comes twice, or is missing. */
function readFields(text: string, from: number, to: number): Record<string, string> | undefined {
  const headers: Record<string, string> = {}
  let count = 0
  for (let at = from; at < to; count++) {
    const colon = text.indexOf(':', at)
    const lineEnd = text.indexOf('\r', colon)
    const name = text.slice(at, colon).toLowerCase()
    if (OTHERS_BUSINESS.has(name) || Object.hasOwn(headers, name)) return undefined
    headers[name] = text.slice(colon + 1, lineEnd).trim()
    at = lineEnd + 2
  }
  const { host = '', connection = 'keep-alive' } = headers
  const isPlain = count <= MAX_FIELDS && HOST.test(host) && /^(keep-alive|close)$/i.test(connection)
  return isPlain ? headers : undefined
}

function isClose({ connection = '' }: Readonly<Record<string, string>>): boolean {
  return connection.toLowerCase() === 'close'
}
