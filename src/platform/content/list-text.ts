import { createHash } from 'node:crypto'
import { brotliCompressSync, constants, gzipSync, zstdCompressSync } from 'node:zlib'

/** Content codings, best first. RFC 9110, 8.4.1; RFC 7932; RFC 8878. */
export const LIST_ENCODINGS = ['zstd', 'br', 'gzip'] as const
export type ListEncoding = (typeof LIST_ENCODINGS)[number]

const COMPRESS: Readonly<Record<ListEncoding, (bytes: Buffer) => Buffer>> = {
  zstd: (bytes) => zstdCompressSync(bytes),
  br: (bytes) => brotliCompressSync(bytes, { params: { [constants.BROTLI_PARAM_QUALITY]: 4 } }),
  gzip: (bytes) => gzipSync(bytes),
}

/** A playlist or MPD as it is sent, shared by all who ask for it while nothing changes. */
export class ListText {
  readonly text: string
  readonly bytes: Buffer
  readonly etag: string
  readonly #encoded = new Map<ListEncoding, Buffer>()

  constructor(text: string) {
    this.text = text
    this.bytes = Buffer.from(text)
    this.etag = `"${createHash('sha1').update(text).digest('base64url')}"`
  }

  /** Compressed once, for the first who asks. */
  encoded(encoding: ListEncoding): Buffer {
    const known = this.#encoded.get(encoding)
    if (known) return known
    const bytes = COMPRESS[encoding](this.bytes)
    this.#encoded.set(encoding, bytes)
    return bytes
  }
}

type Kept = { readonly version: number | string; readonly list: ListText }

/** One text per list and version, made once. */
export class ListTexts {
  readonly #kept = new Map<string, Kept>()

  /** `make` is called when `version` is not that of the text that is kept under `key`. */
  get(key: string, version: number | string, make: () => string): ListText {
    const known = this.#kept.get(key)
    if (known?.version === version) return known.list
    const list = new ListText(make())
    this.#kept.set(key, { version, list })
    return list
  }
}
