import { ByteReader } from '../../../media/bytes/index.ts'
import { LimitExceededError, MalformedInputError } from '../../../media/errors.ts'
import {
  type BoxHeader,
  type FragmentDefaults,
  type FragmentSample,
  readBoxHeader,
  readMoof,
} from '../../../media/formats/mp4/index.ts'
import type { BlobReader, RecordedSegment } from './recorded-segment.ts'

/** Consecutive samples of a segment, whose data lie one after the other. */
export type IndexedRun = {
  readonly baseDecodeTimeTicks: number
  readonly samples: readonly FragmentSample[]
  /** Of the first sample's data in the blob. */
  readonly sourceOffset: number
  readonly byteLength: number
}

/** Holds a usual moof and the header of the mdat behind it. */
const WINDOW_BYTES = 4096
const LARGEST_HEADER_BYTES = 16
const MAX_MOOF_BYTES = 4 * 2 ** 20

/**
 * The sample runs of a stored segment. Reads its moof boxes and box headers, and hops over the media data. A chunk
 * that was cut off in the middle (its data reach past the blob) ends the segment.
 */
export async function readSegmentIndex(
  segment: RecordedSegment,
  source: BlobReader,
  defaults: FragmentDefaults,
): Promise<IndexedRun[]> {
  const window = new BlobWindow(segment, source)
  const runs: IndexedRun[] = []
  for (let at = 0; at + 8 <= segment.byteLength; ) {
    const header = readBoxHeader(await window.readerAt(at, LARGEST_HEADER_BYTES))
    const sizeBytes = header.sizeBytes ?? segment.byteLength - at
    if (at + sizeBytes > segment.byteLength) break
    if (header.type === 'moof') {
      const moof = await readMoofBox(window, at, { ...header, sizeBytes })
      runs.push(...runsOfFragment(moof, at, { segment, defaults }))
    }
    at += sizeBytes
  }
  return runs
}

async function readMoofBox(window: BlobWindow, at: number, header: BoxHeader & { sizeBytes: number }) {
  if (header.sizeBytes > MAX_MOOF_BYTES) throw new LimitExceededError(`moof of ${header.sizeBytes} bytes`)
  const reader = await window.readerAt(at, header.sizeBytes + LARGEST_HEADER_BYTES)
  return new ByteReader(reader.bytes, reader.offset + header.headerBytes, reader.offset + header.sizeBytes)
}

function runsOfFragment(
  moof: ByteReader,
  moofAt: number,
  { segment, defaults }: { segment: RecordedSegment; defaults: FragmentDefaults },
): IndexedRun[] {
  const runs: IndexedRun[] = []
  for (const fragment of readMoof(moof, defaults)) {
    if (fragment.trackId !== segment.trackId) continue
    let decodeTicks = fragment.baseDecodeTimeTicks
    if (decodeTicks === undefined) throw new MalformedInputError('tfdt', moofAt, 'mandatory box is missing')
    for (const { dataOffset, isFromFile, samples } of fragment.runs) {
      const sourceOffset = isFromFile ? dataOffset : moofAt + dataOffset
      const byteLength = samples.reduce((sum, sample) => sum + sample.sizeBytes, 0)
      if (sourceOffset < 0 || sourceOffset + byteLength > segment.byteLength) return runs
      runs.push({ baseDecodeTimeTicks: decodeTicks, samples, sourceOffset, byteLength })
      decodeTicks += samples.reduce((sum, sample) => sum + sample.durationTicks, 0)
    }
  }
  return runs
}

/** The part of a blob that was read last. */
class BlobWindow {
  readonly #segment: RecordedSegment
  readonly #source: BlobReader
  #from = 0
  #bytes = new Uint8Array()

  constructor(segment: RecordedSegment, source: BlobReader) {
    this.#segment = segment
    this.#source = source
  }

  /** A reader that stands at offset `at` of the blob, with `length` bytes in front of it or the end of the blob. */
  async readerAt(at: number, length: number): Promise<ByteReader> {
    const end = Math.min(at + length, this.#segment.byteLength)
    if (at < this.#from || end > this.#from + this.#bytes.length) {
      const to = Math.min(Math.max(end, at + WINDOW_BYTES), this.#segment.byteLength)
      this.#bytes = new Uint8Array(await this.#source.read(this.#segment.key, at, to))
      this.#from = at
    }
    return new ByteReader(this.#bytes, at - this.#from)
  }
}
