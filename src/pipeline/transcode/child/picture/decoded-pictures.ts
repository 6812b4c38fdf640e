import type { Av } from '../av.ts'
import { type CodedPictures, decodePicture } from './decode-picture.ts'

type NativeFrame = InstanceType<Av['Frame']>

/** So many stay decoded: the newest of a few streams, in full size. */
const KEPT = 3

/** Pictures decoded last, by key: other sizes and formats of one are made of the same frame. */
export class DecodedPictures {
  readonly #av: Av
  readonly #frames = new Map<string, NativeFrame>()
  #count = 0

  constructor(av: Av) {
    this.#av = av
  }

  /** How many were decoded. */
  get count(): number {
    return this.#count
  }

  /** The frame stays ours. Throws UnsupportedInputError where the bytes do not decode. */
  get(key: string, coded: () => CodedPictures): NativeFrame {
    const known = this.#frames.get(key)
    if (known) return known
    this.#count++
    const frame = decodePicture(this.#av, coded())
    this.#frames.set(key, frame)
    for (const [oldest, old] of this.#frames) {
      if (this.#frames.size <= KEPT) break
      this.#frames.delete(oldest)
      old.free()
    }
    return frame
  }
}
