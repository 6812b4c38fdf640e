import { UnsupportedInputError } from '../../../../media/errors.ts'
import type { TileRequest } from '../../channel/job-messages.ts'
import { type Av, checked } from '../av.ts'
import { FilterChain } from '../filter-chain.ts'
import type { JobOutput } from '../job-output.ts'
import { type CodedPictures, decodePicture } from './decode-picture.ts'
import { encodeTile } from './encode-picture.ts'
import { answer, type MadePicture } from './picture-job.ts'
import { pictureSize } from './picture-size.ts'
import { scalePicture } from './scale-picture.ts'

type NativeFrame = InstanceType<Av['Frame']>

/** Keyframes to one JPEG with a picture for each place. `input`: record and keyframe of each, one after the other. */
export function makeTile(av: Av, request: TileRequest, input: Uint8Array, output: JobOutput): void {
  answer(output, () => tile(av, request, input))
}

function tile(av: Av, request: TileRequest, input: Uint8Array): MadePicture {
  const { columns, rows, cellWidthPx, cellHeightPx, places, maxBytes } = request
  using cells = new Cells(av, request, input)
  const source = `video_size=${cellWidthPx}x${cellHeightPx}:pix_fmt=yuvj420p:time_base=1/1`
  using chain = new FilterChain(av, ['buffer', source], [['tile', `layout=${columns}x${rows}`]])
  let isEmpty = true
  for (const [at, place] of places.entries()) {
    const cell = cells.get(place) ?? cells.nearest(place)
    if (!cell) continue
    cell.pts = BigInt(at)
    chain.add(cell)
    isEmpty = false
  }
  if (isEmpty) throw new UnsupportedInputError('none of the keyframes decodes')
  chain.add(null)
  using whole = new av.Frame()
  whole.alloc()
  checked(av, chain.take(whole), 'tile')
  return { bytes: encodeTile(av, whole, maxBytes), decodes: cells.count }
}

/** The pictures, each decoded and scaled once. */
class Cells implements Disposable {
  readonly #av: Av
  readonly #request: TileRequest
  readonly #coded: readonly CodedPictures[]
  readonly #made = new Map<number, NativeFrame | undefined>()

  constructor(av: Av, request: TileRequest, input: Uint8Array) {
    this.#av = av
    this.#request = request
    let at = 0
    const take = (bytes: number) => {
      at += bytes
      return input.subarray(at - bytes, at)
    }
    this.#coded = request.pictures.map(({ codec, configBytes, bytes }) => {
      const config = take(configBytes)
      return { codec, config, units: [{ ptsTicks: 0, data: take(bytes) }], atTicks: 0 }
    })
  }
  /** How many were decoded. */
  get count(): number {
    return this.#made.size
  }
  /** Undefined where it does not decode. */
  get(index: number): NativeFrame | undefined {
    if (!this.#made.has(index)) this.#made.set(index, this.#make(index))
    return this.#made.get(index)
  }
  /** The one before that decodes, else the first behind it. */
  nearest(index: number): NativeFrame | undefined {
    for (let before = index - 1; before >= 0; before--) if (this.get(before)) return this.get(before)
    for (let behind = index + 1; behind < this.#coded.length; behind++) if (this.get(behind)) return this.get(behind)
    return undefined
  }
  #make(index: number): NativeFrame | undefined {
    const coded = this.#coded[index]
    if (!coded) return undefined
    try {
      using video = decodePicture(this.#av, coded)
      const { num, den } = video.sampleAspectRatio
      const { cellWidthPx, cellHeightPx } = this.#request
      const shape = { widthPx: video.width, heightPx: video.height, sampleWidth: num, sampleHeight: den }
      const full = pictureSize(shape, undefined)
      const widthPx = Math.min(cellWidthPx, (cellHeightPx * full.widthPx) / full.heightPx)
      const frame = { widthPx: cellWidthPx, heightPx: cellHeightPx }
      return scalePicture(this.#av, video, { ...pictureSize(shape, widthPx), range: 'full', frame })
    } catch (error) {
      if (error instanceof UnsupportedInputError) return undefined
      throw error
    }
  }
  [Symbol.dispose](): void {
    for (const frame of this.#made.values()) frame?.free()
  }
}
