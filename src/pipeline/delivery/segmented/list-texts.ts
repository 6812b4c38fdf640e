import { createHash } from 'node:crypto'

/** A playlist or MPD as it is sent, shared by all who ask for it while nothing changes. */
export type ListText = { readonly text: string; readonly bytes: Buffer; readonly etag: string }

type Kept = { readonly version: number; readonly list: ListText }

/** One text per list and version, made once. */
export class ListTexts {
  readonly #kept = new Map<string, Kept>()

  /** `make` is called when `version` is not that of the text that is kept under `key`. */
  get(key: string, version: number, make: () => string): ListText {
    const known = this.#kept.get(key)
    if (known?.version === version) return known.list
    const text = make()
    const etag = `"${createHash('sha1').update(text).digest('base64url')}"`
    const list = { text, bytes: Buffer.from(text), etag }
    this.#kept.set(key, { version, list })
    return list
  }
}
