import { rescaleTicks, type Ticks, type Track, ticks } from '../../model/index.ts'
import type { CmafKeyframe, CmafSink } from './cmaf-output.ts'
import type { CopySlabs } from './copy-slabs.ts'
import { type CmafSample, writeFragment } from './fragment.ts'
import { writeInitSegment } from './init-segment.ts'

/** A part is at least this much of its target. RFC 8216bis, 4.4.4.9. */
const FULL_SHARE = 0.85
/** Some frames of sound. */
const LONGEST_BRIDGED_MS = 100

type OpenSegment = {
  readonly startTicks: number
  /** Decode time of the first sample: where `startTicks` lies on the decode timeline. */
  readonly firstDtsTicks: number
  readonly discontinuity: boolean
  readonly isIndependent: boolean
  readonly keyframes: CmafKeyframe[]
  chunkCount: number
  durationTicks: number
  byteLength: number
}

/** Writes the chunks and segments of one track; when to cut a segment is the segmenter's decision. */
export class CmafSegmentWriter {
  readonly #sink: CmafSink
  readonly #partTargetMs: number
  readonly #nextInitId: () => number
  readonly #slabs: CopySlabs
  #track: Track
  #initId: number | undefined
  #fragmentCount = 0
  #segment: OpenSegment | undefined
  #chunk: CmafSample[] = []
  #hasStarted = false
  #markDiscontinuity = false
  /** From the decode time to the presentation time of the key frame that the newest independent segment started with. */
  #delayTicks: number | undefined
  /** Number of the segment that is open or will be opened next. */
  sequence: number

  constructor(track: Track, sequence: number, output: WriterOutput) {
    this.#track = track
    this.sequence = sequence
    this.#sink = output.sink
    this.#partTargetMs = output.partTargetMs
    this.#nextInitId = output.nextInitId
    this.#slabs = output.slabs
  }

  get hasOpenSegment(): boolean {
    return this.#segment !== undefined
  }

  /** With whatever configuration. */
  get hasStarted(): boolean {
    return this.#hasStarted
  }

  /** Where the open segment starts. */
  get startTicks(): number | undefined {
    return this.#segment?.startTicks
  }

  /** Of the open segment with the samples that wait for their chunk, on the decode timeline. */
  get lengthMs(): number {
    if (this.#segment === undefined) return 0
    const last = this.#chunk.at(-1)
    const writtenTicks = this.#segment.durationTicks
    const ticksLong = last === undefined ? writtenTicks : endTicks(last) - this.#segment.firstDtsTicks
    return (ticksLong * 1000) / this.#track.clockRateHz
  }

  /**
   * When the presentation of what is decoded from `sample` on starts. Of a key frame it is when it is shown itself; another
   * picture may be shown behind B-frames that follow it, and starts where its decode time lies behind the key frame's.
   */
  placeTicks({ isKey, dtsTicks, ptsTicks }: Pick<CmafSample, 'isKey' | 'dtsTicks' | 'ptsTicks'>): Ticks {
    return isKey || this.#delayTicks === undefined ? ptsTicks : ticks(dtsTicks + this.#delayTicks)
  }

  /** Milliseconds from the start of the open segment to `timeTicks`; 0 where none is open. */
  elapsedMs(timeTicks: number): number {
    return this.#segment === undefined ? 0 : ((timeTicks - this.#segment.startTicks) * 1000) / this.#track.clockRateHz
  }

  /**
   * `sample.data` is kept until its chunk is written, handed to the sink, and given back. `next` says that the segment certainly
   * goes on behind this sample: a chunk that is full is then written at once, else with the next sample.
   */
  add(sample: CmafSample, next: 'goes on' | 'unknown'): void {
    if (this.#segment) this.#meet(sample)
    this.#segment ??= this.#openSegment(sample)
    const partTicks = rescaleTicks(this.#partTargetMs, 1000, this.#track.clockRateHz)
    const before = this.#chunk[0]
    if (before !== undefined && endTicks(sample) - before.dtsTicks > partTicks) this.#writeChunk('more follow')
    this.#chunk.push(sample)
    if (next === 'unknown') return
    const spanTicks = endTicks(sample) - (this.#chunk[0] ?? sample).dtsTicks
    const isFull = spanTicks >= partTicks * FULL_SHARE && spanTicks + sample.durationTicks > partTicks
    if (isFull) this.#writeChunk('more follow')
  }

  /** Ends the open segment, if there is one; the next one gets `nextSequence`, and starts with `following` if known. */
  cut(nextSequence: number, next: NextSegment, targetSeconds: number, following?: CmafSample): void {
    if (following) this.#meet(following)
    this.#writeChunk('last')
    const segment = this.#segment
    if (segment !== undefined) {
      const { chunkCount: _, firstDtsTicks: __, ...facts } = segment
      this.#sink.onSegment(this.#track.id, {
        ...facts,
        sequence: this.sequence,
        initId: this.#initId ?? 0,
        startTicks: ticks(segment.startTicks),
        durationTicks: ticks(segment.durationTicks),
        targetSeconds,
      })
    }
    this.#segment = undefined
    this.sequence = nextSequence
    if (next === 'discontinuous' && this.hasStarted) this.#markDiscontinuity = true
  }

  /** Between two segments: those that follow are described by `track`. */
  setTrack(track: Track): void {
    if (this.hasStarted) this.#markDiscontinuity = true
    this.#track = track
    this.#initId = undefined
  }

  /**
   * Frames of a file that starts over overlap a little or leave a little out: what is not written yet ends where the next
   * begins. Longer holes stay: a player that skips them keeps sound and pictures together.
   */
  #meet({ dtsTicks }: CmafSample): void {
    const last = this.#chunk.at(-1)
    if (last === undefined || dtsTicks <= last.dtsTicks || dtsTicks === endTicks(last)) return
    const holeMs = ((dtsTicks - endTicks(last)) * 1000) / this.#track.clockRateHz
    if (holeMs > LONGEST_BRIDGED_MS) return
    this.#chunk[this.#chunk.length - 1] = { ...last, durationTicks: ticks(dtsTicks - last.dtsTicks) }
  }

  #openSegment(first: CmafSample): OpenSegment {
    if (this.#initId === undefined) {
      this.#initId = this.#nextInitId()
      this.#hasStarted = true
      this.#sink.onInit(this.#track.id, this.#initId, writeInitSegment([this.#track]))
    }
    const discontinuity = this.#markDiscontinuity
    this.#markDiscontinuity = false
    if (first.isKey) this.#delayTicks = first.ptsTicks - first.dtsTicks
    return {
      startTicks: this.placeTicks(first),
      firstDtsTicks: first.dtsTicks,
      discontinuity,
      isIndependent: first.isKey,
      keyframes: [],
      chunkCount: 0,
      durationTicks: 0,
      byteLength: 0,
    }
  }

  #writeChunk(place: 'last' | 'more follow'): void {
    const segment = this.#segment
    const [first] = this.#chunk
    const last = this.#chunk.at(-1)
    if (segment === undefined || first === undefined || last === undefined) return
    const parts = writeFragment(++this.#fragmentCount, [{ trackId: this.#track.id, samples: this.#chunk }])
    this.#indexKeyframes(segment, parts[0]?.length ?? 0)
    const byteLength = parts.reduce((sum, part) => sum + part.length, 0)
    const startTicks = ticks(segment.startTicks + first.dtsTicks - segment.firstDtsTicks)
    const index = segment.chunkCount++
    const durationTicks = ticks(Math.max(0, endTicks(last) - first.dtsTicks))
    segment.durationTicks = startTicks - segment.startTicks + durationTicks
    segment.byteLength += byteLength
    const samples = this.#chunk
    this.#chunk = []
    this.#sink.onChunk(this.#track.id, {
      sequence: this.sequence,
      initId: this.#initId ?? 0,
      index,
      parts,
      byteLength,
      startTicks,
      durationTicks,
      isIndependent: first.isKey,
      isLast: place === 'last',
      discontinuity: segment.discontinuity,
    })
    for (const { data } of samples) this.#slabs.giveBack(data)
  }

  #indexKeyframes(segment: OpenSegment, headerBytes: number): void {
    if (this.#track.kind !== 'video') return
    let offsetBytes = segment.byteLength + headerBytes
    for (const { isKey, ptsTicks, data } of this.#chunk) {
      if (isKey) {
        const at = { ticks: ptsTicks, chunkOffsetBytes: segment.byteLength, offsetBytes }
        segment.keyframes.push({ ...at, sizeBytes: data.length })
      }
      offsetBytes += data.length
    }
  }
}

/** Of a sample, on the decode timeline. */
function endTicks(sample: CmafSample): number {
  return sample.dtsTicks + sample.durationTicks
}

export type WriterOutput = {
  readonly sink: CmafSink
  readonly partTargetMs: number
  /** Numbers initialization segments over all tracks of a stream. */
  readonly nextInitId: () => number
  /** Where the samples' data came from. */
  readonly slabs: CopySlabs
}

/** Whether the segment after a cut goes on in time and configuration. */
export type NextSegment = 'continuous' | 'discontinuous'
