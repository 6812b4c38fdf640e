import type { IncomingHttpHeaders } from 'node:http'

export type ResponseHeaders = Readonly<Record<string, string | number>>

/** An answer whose length is known. Its length goes with it: `headers` has no Content-Length. */
export type WholeAnswer = {
  readonly status: number
  readonly headers: ResponseHeaders
  /** Not to be changed any more. A request by HEAD gets the length only. */
  readonly body: readonly Uint8Array[]
  /** The same object goes to many clients: what is made of it for the wire can be kept, its head or all of it. */
  readonly shared?: 'head' | 'whole'
}

/** One request by GET or HEAD and its answer, whatever carries it: Node's HTTP/1.1 and HTTP/2, or a bare socket. */
export interface Exchange {
  readonly isHead: boolean
  readonly headers: IncomingHttpHeaders
  readonly remoteAddress: string
  /** Aborts when the client has gone before its answer was whole. */
  readonly signal: AbortSignal
  /** `onDone` is called once: when the last byte is with the kernel, or the client is gone. */
  send(answer: WholeAnswer, onDone?: () => void): void
  /** An answer that is made while it is sent: `write` what there is, in order, then `end`. */
  begin(status: number, headers: ResponseHeaders): void
  /** Resolves when the kernel has taken everything, or the client is gone. */
  write(views: readonly Uint8Array[]): Promise<void>
  end(): void
  /** Breaks off, so that nobody takes the half for the whole. */
  destroy(): void
}

export function byteLengthOf(views: readonly Uint8Array[]): number {
  let length = 0
  for (const view of views) length += view.length
  return length
}
