import { av1ConfigOf, joinObus, OBU, type Obu, readObus, toCanonicalTemporalUnit } from '../../../codecs/av1/index.ts'
import { isKeyframe, videoTrack } from '../../../codecs/index.ts'
import { findStartCode, removeEmulationPrevention, sameBytes } from '../../../codecs/nal/index.ts'
import { MillraceError } from '../../../errors.ts'
import { ticks } from '../../../model/index.ts'
import type { ElementaryReader, ElementarySink, PayloadPlace } from './elementary-reader.ts'

const START_CODE_BYTES = 3

/**
 * AV1 in PES packets, one temporal unit each. Two forms are read: OBUs behind start codes with emulation prevention
 * (AV1 in MPEG-2 TS, 3.2), and plain low-overhead OBUs, as FFmpeg writes them.
 */
export class Av1VideoReader implements ElementaryReader {
  readonly #sink: ElementarySink
  /** Whether nothing but the data says that this is AV1: the first temporal unit must prove it. */
  #unproven: boolean
  #config: Uint8Array | undefined

  constructor(sink: ElementarySink, proof: 'registered' | 'unproven') {
    this.#sink = sink
    this.#unproven = proof === 'unproven'
  }

  push(data: Uint8Array, { pts, dts }: PayloadPlace): void {
    try {
      const unit = isStartCodeForm(data) ? readStartCodeForm(data) : toCanonicalTemporalUnit(data)
      this.#announce(unit)
      this.#unproven = false
      if (this.#config === undefined || pts === undefined || unit.length === 0) return
      this.#sink.onFrame({
        trackId: this.#sink.trackId,
        ptsTicks: ticks(pts),
        dtsTicks: ticks(dts ?? pts),
        durationTicks: ticks(0),
        isKey: isKeyframe('av1', unit),
        data: unit,
      })
    } catch (error) {
      if (!(error instanceof MillraceError)) throw error
      if (this.#unproven) this.#sink.onUnsupported('private data without a description')
      else this.#sink.onDamaged()
    }
  }

  reset(): void {}

  flush(): void {}

  #announce(unit: Uint8Array): void {
    const config = av1ConfigOf(unit)
    if (config === undefined) {
      if (this.#unproven) this.#sink.onUnsupported('private data without a description')
      return
    }
    if (this.#config !== undefined && sameBytes(this.#config, config)) return
    const track = videoTrack(this.#sink.trackId, 'av1', config)
    this.#config = config
    this.#sink.onTrack(track)
  }
}

function isStartCodeForm(data: Uint8Array): boolean {
  return data[0] === 0 && data[1] === 0 && (data[2] === 1 || (data[2] === 0 && data[3] === 1))
}

/** ts_open_bitstream_unit() of each OBU. The start code's own zero bytes before it are trailing zeros of none. */
function readStartCodeForm(data: Uint8Array): Uint8Array {
  const obus: Obu[] = []
  let start = findStartCode(data, 0) + START_CODE_BYTES
  while (start < data.length) {
    const next = findStartCode(data, start)
    obus.push(...readObus(withoutZeroTail(removeEmulationPrevention(data.subarray(start, next)))))
    start = next + START_CODE_BYTES
  }
  return joinObus(obus.filter((obu) => obu.type !== OBU.temporalDelimiter))
}

/** Zero bytes after an OBU with a size field are padding (a four-byte start code that follows). */
function withoutZeroTail(bytes: Uint8Array): Uint8Array {
  const hasSize = ((bytes[0] ?? 0) & 2) !== 0
  let end = bytes.length
  while (hasSize && end > 1 && bytes[end - 1] === 0 && !isWhole(bytes.subarray(0, end))) end--
  return bytes.subarray(0, end)
}

function isWhole(bytes: Uint8Array): boolean {
  const head = (bytes[0] ?? 0) & 4 ? 2 : 1
  let size = 0
  let at = head
  for (let shift = 0; at < bytes.length && shift < 28; shift += 7) {
    const byte = bytes[at++] ?? 0
    size += (byte & 127) * 2 ** shift
    if (byte < 128) break
  }
  return at + size >= bytes.length
}
