import { ByteReader } from '../../bytes/index.ts'
import type { Retimer, StreamHead, TimeShift } from '../../model/index.ts'
import { type Box, readBoxes } from './box.ts'
import { readInitSegment } from './read-movie.ts'

const BOX_HEADER_BYTES = 8
const MOOV = 0x6d6f6f76
const MOOF = 0x6d6f6f66

type DecodeTimeField = { readonly trackId: number; readonly at: number; readonly is64Bit: boolean }

/** baseMediaDecodeTime of movie fragments. ISO/IEC 14496-12, 8.8.12. */
export class FragmentRetimer implements Retimer {
  readonly rangeMs = Number.POSITIVE_INFINITY
  #timescales = new Map<number, number>()

  /** `opening`: the initialization segment in front of the fragments. */
  constructor(opening: Uint8Array) {
    this.#learn(opening)
  }

  head(bytes: Uint8Array): StreamHead {
    const timesMs = new Map<number, number>()
    this.#forEachField(bytes, ({ trackId, at, is64Bit }) => {
      const timescale = this.#timescales.get(trackId)
      if (timescale === undefined || timesMs.has(trackId)) return
      timesMs.set(trackId, (readTime(viewOf(bytes), at, is64Bit) * 1000) / timescale)
    })
    return { timesMs, counters: new Map() }
  }
  shift(bytes: Uint8Array, { ms }: TimeShift): void {
    const view = viewOf(bytes)
    this.#forEachField(bytes, ({ trackId, at, is64Bit }) => {
      const ticks = Math.round((ms * (this.#timescales.get(trackId) ?? 0)) / 1000)
      const time = Math.max(0, readTime(view, at, is64Bit) - ticks)
      if (is64Bit) view.setBigUint64(at, BigInt(time))
      else view.setUint32(at, time)
    })
  }

  #learn(initSegment: Uint8Array): void {
    this.#timescales = new Map(readInitSegment(initSegment).map((track) => [track.id, track.clockRateHz]))
  }
  /** An initialization segment in-band holds for the fragments behind it. A box that is cut off ends the walk. */
  #forEachField(bytes: Uint8Array, visit: (field: DecodeTimeField) => void): void {
    const view = viewOf(bytes)
    for (let at = 0; at + BOX_HEADER_BYTES <= bytes.length; ) {
      const end = at + view.getUint32(at)
      const type = view.getUint32(at + 4)
      if (end > bytes.length || end < at + BOX_HEADER_BYTES) return
      if (type === MOOV) this.#learn(bytes.subarray(at, end))
      else if (type === MOOF) {
        const body = new ByteReader(bytes, at + BOX_HEADER_BYTES, end)
        for (const child of readBoxes(body)) visitTrackFragment(child, visit)
      }
      at = end
    }
  }
}

/** tfhd names the track, tfdt follows it. 8.8.6, 8.8.7. */
function visitTrackFragment(fragment: Box, visit: (field: DecodeTimeField) => void): void {
  if (fragment.type !== 'traf') return
  let trackId = 0
  for (const { type, body } of readBoxes(fragment.body)) {
    if (type === 'tfhd') {
      body.skip(4, 'version and flags')
      trackId = body.u32('track_ID')
    } else if (type === 'tfdt') {
      const is64Bit = body.u8('version') === 1
      body.skip(3, 'flags')
      visit({ trackId, at: body.offset, is64Bit })
    }
  }
}

function viewOf(bytes: Uint8Array): DataView {
  return new DataView(bytes.buffer, bytes.byteOffset, bytes.byteLength)
}
function readTime(view: DataView, at: number, is64Bit: boolean): number {
  return is64Bit ? Number(view.getBigUint64(at)) : view.getUint32(at)
}
