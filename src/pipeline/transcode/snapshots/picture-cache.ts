/** The pictures asked for last, by name, within a bound of bytes. */
export class PictureCache {
  readonly #maxBytes: number
  readonly #pictures = new Map<string, Uint8Array>()
  #bytes = 0

  constructor(maxBytes: number) {
    this.#maxBytes = maxBytes
  }

  get(name: string): Uint8Array | undefined {
    const picture = this.#pictures.get(name)
    if (!picture) return undefined
    this.#pictures.delete(name)
    this.#pictures.set(name, picture)
    return picture
  }
  set(name: string, picture: Uint8Array): void {
    this.#drop(name)
    this.#pictures.set(name, picture)
    this.#bytes += picture.length
    for (const oldest of this.#pictures.keys()) {
      if (this.#bytes <= this.#maxBytes) return
      this.#drop(oldest)
    }
  }

  #drop(name: string): void {
    this.#bytes -= this.#pictures.get(name)?.length ?? 0
    this.#pictures.delete(name)
  }
}
