import { type Retimer, shiftBetween, type TimeShift } from '../../../media/model/index.ts'
import type { JoinPoint, LogReader, Preamble } from '../../stream/index.ts'

/** So many bytes are looked through for the first frame of every track. */
const SCAN_BYTES = 1_048_576

type MakeRetimer = (opening: Uint8Array) => Retimer | undefined
type Move = { readonly from: number; readonly to: number; readonly before: TimeShift | undefined }

/**
 * Times that go on for viewers that were moved ahead. Their bytes are copies: the log's are for those who keep up.
 * Viewers moved from one place to one place share their shift, and those with one shift at one place share their bytes.
 */
export class CatchUp {
  readonly #reader: LogReader
  readonly #makeRetimer: MakeRetimer
  #retimer: { readonly version: number; readonly retimer: Retimer | undefined } | undefined
  #lastMove: (Move & { readonly shift: TimeShift | undefined }) | undefined
  #lastBytes:
    | { readonly from: number; readonly to: number; readonly shift: TimeShift; readonly bytes: Buffer }
    | undefined

  constructor(reader: LogReader, makeRetimer: MakeRetimer) {
    this.#reader = reader
    this.#makeRetimer = makeRetimer
  }

  /** What a viewer that is moved from `from` to `join` has to be shifted by; `before` is its shift so far. */
  move(from: number, join: JoinPoint, head: number, before: TimeShift | undefined): TimeShift | undefined {
    const last = this.#lastMove
    if (last && last.from === from && last.to === join.position && last.before === before) return last.shift
    const retimer = this.#retimerFor(join.preamble)
    const firstOf = (position: number) =>
      retimer?.head(this.#reader.contiguous(position, Math.min(head, position + SCAN_BYTES)))
    const [here, there] = [firstOf(from), firstOf(join.position)]
    const shift = retimer && here && there && shiftBetween(retimer, { here, there }, before)
    this.#lastMove = { from, to: join.position, before, shift }
    return shift
  }
  /** [from, to) of the log with shifted times; memory of its own, not to be changed. */
  bytes(from: number, to: number, shift: TimeShift): Buffer {
    const last = this.#lastBytes
    if (last && last.from === from && last.to === to && last.shift === shift) return last.bytes
    const bytes = this.shifted(Buffer.concat(this.#reader.views(from, to)), shift)
    this.#lastBytes = { from, to, shift, bytes }
    return bytes
  }
  /** Changes `bytes` and returns them. */
  shifted(bytes: Buffer, shift: TimeShift): Buffer {
    this.#retimer?.retimer?.shift(bytes, shift)
    return bytes
  }

  #retimerFor({ version, opening }: Preamble): Retimer | undefined {
    if (this.#retimer?.version !== version) this.#retimer = { version, retimer: this.#makeRetimer(opening) }
    return this.#retimer.retimer
  }
}
