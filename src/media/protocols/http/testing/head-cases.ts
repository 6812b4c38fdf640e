import type { RequestHead } from '../request-head.ts'

export type HeadCase = {
  readonly name: string
  readonly text: string
  /** Absent: the head is left to a complete parser. */
  readonly head?: Omit<RequestHead, 'end'>
}

const LINE = 'GET /live/a/t1.m3u8 HTTP/1.1\r\n'
const plain = (name: string, text: string, head: Partial<RequestHead> = {}): HeadCase => ({
  name,
  text,
  head: { method: 'GET', target: '/live/a/t1.m3u8', headers: { host: 'h' }, isLast: false, ...head },
})
const other = (name: string, text: string): HeadCase => ({ name, text })
const field = (line: string) => `${LINE}Host: h\r\n${line}\r\n\r\n`

export const HEAD_CASES: readonly HeadCase[] = [
  plain('a request', `${LINE}Host: h\r\n\r\n`),
  plain('HEAD', 'HEAD /a HTTP/1.1\r\nHost: h\r\n\r\n', { method: 'HEAD', target: '/a' }),
  plain('a query', 'GET /a?_HLS_msn=3&_HLS_part=1 HTTP/1.1\r\nHost: h\r\n\r\n', {
    target: '/a?_HLS_msn=3&_HLS_part=1',
  }),
  plain('white space around values', `${LINE}Host: \t h \t\r\nX-Empty:\r\nRange:bytes=0-\r\n\r\n`, {
    headers: { host: 'h', 'x-empty': '', range: 'bytes=0-' },
  }),
  plain('the last one', field('CONNECTION: Close'), {
    headers: { host: 'h', connection: 'Close' },
    isLast: true,
  }),
  plain('keep-alive', field('Connection: keep-alive'), { headers: { host: 'h', connection: 'keep-alive' } }),
  plain('names of Object', field('Constructor: x'), { headers: { host: 'h', constructor: 'x' } }),
  other('a head that is not whole', `${LINE}Host: h\r\n`),
  other('half a line', 'GET /live'),
  other('nothing', ''),
  other('POST', 'POST /a HTTP/1.1\r\nHost: h\r\n\r\n'),
  other('small letters', 'get /a HTTP/1.1\r\nHost: h\r\n\r\n'),
  other('HTTP/1.0', 'GET /a HTTP/1.0\r\nHost: h\r\n\r\n'),
  other('absolute form', 'GET http://h/a HTTP/1.1\r\nHost: h\r\n\r\n'),
  other('two spaces', 'GET  /a HTTP/1.1\r\nHost: h\r\n\r\n'),
  other('a fragment', 'GET /a#b HTTP/1.1\r\nHost: h\r\n\r\n'),
  other('bytes above ASCII in the target', 'GET /\xe4 HTTP/1.1\r\nHost: h\r\n\r\n'),
  other('no host', `${LINE}Accept: x\r\n\r\n`),
  other('an empty host', `${LINE}Host:\r\n\r\n`),
  other('two hosts', `${LINE}Host: h\r\nHost: h\r\n\r\n`),
  other('a host with a list', `${LINE}Host: a, b\r\n\r\n`),
  other('a field twice', field('Range: bytes=0-1\r\nRange: bytes=2-3')),
  other('a body', field('Content-Length: 0')),
  other('a chunked body', field('Transfer-Encoding: chunked')),
  other('a chunked body, disguised', field('Transfer-Encoding : chunked')),
  other('an upgrade', field('Connection: Upgrade\r\nUpgrade: websocket')),
  other('an expectation', field('Expect: 100-continue')),
  other('options for the next hop', field('Connection: close, x')),
  other('line folding', field('X-A: b\r\n c')),
  other('a field without a colon', field('X-A')),
  other('a name with a space', field('X A: b')),
  other('a name with an underscore', field('Content_Length: 3')),
  other('bytes above ASCII in a value', field('X-A: \xe4')),
  other('a zero byte', field('X-A: \0')),
  other('a bare line feed', `${LINE}Host: h\nX: y\r\n\r\n`),
  other('bare line feeds at the end', `${LINE}Host: h\n\n`),
  other('a bare carriage return', field('X-A: b\rTransfer-Encoding: chunked')),
  other('a line break in front', `\r\n${LINE}Host: h\r\n\r\n`),
  other('too many fields', field(Array.from({ length: 70 }, (_, at) => `X-${at}: y`).join('\r\n'))),
  other('a long head', field(`X-A: ${'a'.repeat(9000)}`)),
]
