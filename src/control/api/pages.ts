import { existsSync, readFileSync } from 'node:fs'
import { extname, join } from 'node:path'

const TYPES: Readonly<Record<string, string>> = {
  '.html': 'text/html; charset=utf-8',
  '.js': 'text/javascript; charset=utf-8',
  '.css': 'text/css; charset=utf-8',
  '.svg': 'image/svg+xml',
  '.png': 'image/png',
  '.ico': 'image/x-icon',
  '.woff2': 'font/woff2',
  '.json': 'application/json',
}

export type PageFile = { readonly bytes: Buffer; readonly contentType: string; readonly cacheControl: string }

/** The built page: `index.html` for people, hashed files below `/assets/` for ever. */
export class Pages {
  readonly #folder: string
  readonly #cache = new Map<string, PageFile>()

  constructor(folder: string) {
    this.#folder = folder
  }

  /** `index.html`, which finds out by its address what to show. */
  index(): PageFile | undefined {
    return this.#read('index.html', 'no-cache')
  }
  /** A file by its plain name (`assets/…`, `favicon.svg`). */
  file(name: string): PageFile | undefined {
    if (!/^(assets\/)?[A-Za-z0-9_-][A-Za-z0-9._-]*$/.test(name)) return undefined
    return this.#read(name, name.startsWith('assets/') ? 'public, max-age=31536000, immutable' : 'max-age=3600')
  }

  #read(name: string, cacheControl: string): PageFile | undefined {
    const known = this.#cache.get(name)
    if (known) return known
    const path = join(this.#folder, name)
    if (!existsSync(path)) return undefined
    const file = {
      bytes: readFileSync(path),
      contentType: TYPES[extname(name)] ?? 'application/octet-stream',
      cacheControl,
    }
    this.#cache.set(name, file)
    return file
  }
}
