import { http } from '../../../../platform/net/index.ts'
import { byteLengthOf, type ResponseHeaders, type WholeAnswer } from '../exchange.ts'

/** Told to clients, so that they do not ask on a connection that is just being closed. RFC 2068, 19.7.1.1. */
export const KEEP_ALIVE_SECONDS = 65
/** Shared answers up to this size are put together once, as one piece, for all who get them. */
const MAX_KEPT_BYTES = 65_536

export type AnswerFraming = 'close' | 'keep-alive'

/** Status line and fields of an HTTP/1.1 answer, up to the empty line. RFC 9112, 2.1. */
export function answerHead(status: number, headers: ResponseHeaders, framing: AnswerFraming): string {
  let head = `HTTP/1.1 ${status} ${http.STATUS_CODES[status] ?? 'Answer'}\r\n`
  for (const name in headers) head += `${name}: ${headers[name]}\r\n`
  const connection = framing === 'close' ? 'close' : `keep-alive\r\nKeep-Alive: timeout=${KEEP_ALIVE_SECONDS}`
  return `${head}Date: ${dateNow()}\r\nConnection: ${connection}\r\n`
}

type Kept = { readonly date: string; readonly pieces: readonly Uint8Array[] }
const KEPT: Readonly<Record<string, WeakMap<WholeAnswer, Kept>>> = {
  close: new WeakMap(),
  'keep-alive': new WeakMap(),
  'HEAD close': new WeakMap(),
  'HEAD keep-alive': new WeakMap(),
}

/** All of an answer, in the pieces that it is written in. */
export function answerBytes(
  answer: WholeAnswer,
  method: 'GET' | 'HEAD',
  framing: AnswerFraming,
): readonly Uint8Array[] {
  if (!answer.shared) return pieces(answer, method, framing)
  const kept = KEPT[method === 'GET' ? framing : `HEAD ${framing}`]
  const known = kept?.get(answer)
  if (known?.date === dateNow()) return known.pieces
  const made = pieces(answer, method, framing)
  const isOnePiece = answer.shared === 'whole' && byteLengthOf(made) <= MAX_KEPT_BYTES
  const whole = isOnePiece ? [Buffer.concat(made)] : made
  kept?.set(answer, { date: dateNow(), pieces: whole })
  return whole
}

function pieces({ status, headers, body }: WholeAnswer, method: 'GET' | 'HEAD', framing: AnswerFraming): Uint8Array[] {
  // RFC 9110, 8.6: not with 304, whose length would be that of the answer that is not sent.
  const length = status === 304 ? '' : `Content-Length: ${byteLengthOf(body)}\r\n`
  const head = Buffer.from(`${answerHead(status, headers, framing)}${length}\r\n`, 'latin1')
  return method === 'HEAD' ? [head] : [head, ...body]
}

/** RFC 9110, 6.6.1; the same text for a second. */
let dateSecond = -1
let dateText = ''
function dateNow(): string {
  const nowMs = Date.now()
  const second = Math.floor(nowMs / 1000)
  if (second !== dateSecond) {
    dateSecond = second
    dateText = new Date(nowMs).toUTCString()
  }
  return dateText
}
