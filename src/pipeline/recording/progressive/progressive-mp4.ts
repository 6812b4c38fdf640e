import { InvariantError, MalformedInputError } from '../../../media/errors.ts'
import { layoutProgressive, type ProgressiveExtent, type ProgressiveLayout } from '../../../media/formats/mp4/index.ts'
import { indexMovie } from './movie-index.ts'
import type { BlobReader, RecordedSegment } from './recorded-segment.ts'

/** Largest piece that is fetched and given out. */
const WINDOW_BYTES = 1024 * 1024
/** One window for each track that is interleaved, and one to spare. */
const MAX_WINDOWS = 4
/** Chunks of the other tracks that lie between make the source run ahead of the range by this much at most. */
const READ_AHEAD_BYTES = 64 * 1024

type Window = { readonly from: number; readonly bytes: Uint8Array }

/**
 * A recording as one MP4 that can be played while it is downloaded, made on the fly: its size is known and any range
 * of it can be read, yet only its head is kept in memory. Needs some 25 bytes of memory per sample.
 */
export class ProgressiveMp4 {
  readonly #layout: ProgressiveLayout
  readonly #segments: readonly RecordedSegment[]
  readonly #source: BlobReader

  /**
   * Reads the tables of all segments, whatever their order. Throws UnsupportedInputError where there is no sample,
   * MalformedInputError where a blob is not what the catalogue says, and what `source` rejects with.
   */
  static async open(segments: readonly RecordedSegment[], source: BlobReader): Promise<ProgressiveMp4> {
    const index = await indexMovie(segments, source)
    return new ProgressiveMp4(layoutProgressive(index.tracks, index.chunks), index.segments, source)
  }

  private constructor(layout: ProgressiveLayout, segments: readonly RecordedSegment[], source: BlobReader) {
    this.#layout = layout
    this.#segments = segments
    this.#source = source
  }

  get totalBytes(): number {
    return this.#layout.totalBytes
  }

  /**
   * Bytes `from` up to, not including, `to`, in pieces of at most 1 MiB. A piece is valid for good. Stored bytes are
   * fetched when the reader asks for the next piece, so a slow reader holds a few windows and no more.
   */
  async *read(from = 0, to = this.totalBytes): AsyncGenerator<Uint8Array, void, undefined> {
    const { head, extents } = this.#layout
    const end = Math.min(to, this.totalBytes)
    let at = Math.max(0, from)
    for (; at < Math.min(end, head.length); at += WINDOW_BYTES) {
      yield head.subarray(at, Math.min(at + WINDOW_BYTES, end, head.length))
    }
    at = Math.max(Math.min(at, head.length), Math.max(0, from))
    const windows = new Map<number, Window>()
    for (let index = extentAt(extents, at); at < end; index++) {
      const extent = extents[index]
      if (extent === undefined) return
      const extentEnd = Math.min(end, extent.outputOffset + extent.byteLength)
      while (at < extentEnd) {
        const piece = await this.#piece(extent, { at, extentEnd, end }, windows)
        yield piece
        at += piece.length
      }
    }
  }

  /** The next bytes of an extent out of the window of its source. */
  async #piece(
    extent: ProgressiveExtent,
    { at, extentEnd, end }: { at: number; extentEnd: number; end: number },
    windows: Map<number, Window>,
  ): Promise<Uint8Array> {
    const sourceFrom = extent.sourceOffset + at - extent.outputOffset
    const wanted = Math.min(extentEnd - at, WINDOW_BYTES)
    let window = windows.get(extent.sourceIndex)
    if (window === undefined || sourceFrom < window.from || sourceFrom >= window.from + window.bytes.length) {
      const ahead = Math.min(WINDOW_BYTES, end - at + READ_AHEAD_BYTES)
      window = await this.#fetch(extent.sourceIndex, sourceFrom, Math.max(wanted, ahead))
      windows.delete(extent.sourceIndex)
      windows.set(extent.sourceIndex, window)
      const [oldest] = windows.keys()
      if (windows.size > MAX_WINDOWS && oldest !== undefined) windows.delete(oldest)
    }
    const start = sourceFrom - window.from
    return window.bytes.subarray(start, Math.min(start + wanted, window.bytes.length))
  }

  async #fetch(sourceIndex: number, from: number, length: number): Promise<Window> {
    const segment = this.#segments[sourceIndex]
    if (segment === undefined) throw new InvariantError(`no source ${sourceIndex}`)
    const to = Math.min(from + length, segment.byteLength)
    const bytes = await this.#source.read(segment.key, from, to)
    if (bytes.length !== to - from) {
      throw new MalformedInputError(segment.key, from, `${bytes.length} bytes where ${to - from} are stored`)
    }
    return { from, bytes }
  }
}

/** Index of the extent that holds offset `at` of the output; the number of extents where none does. */
function extentAt(extents: readonly ProgressiveExtent[], at: number): number {
  let low = 0
  let high = extents.length
  while (low < high) {
    const middle = (low + high) >>> 1
    const extent = extents[middle]
    if (extent !== undefined && extent.outputOffset + extent.byteLength <= at) low = middle + 1
    else high = middle
  }
  return low
}
