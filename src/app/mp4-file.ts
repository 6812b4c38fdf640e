import { once } from 'node:events'
import { createWriteStream } from 'node:fs'
import { finished } from 'node:stream/promises'
import { Fmp4Muxer } from '../media/formats/mp4/index.ts'
import type { Frame, Ticks, Track } from '../media/model/index.ts'
import type { AssetSink } from '../pipeline/transcode/index.ts'
import { UnavailableError } from '../platform/errors.ts'

/** Bytes that may wait for the disk. */
const MAX_QUEUED_BYTES = 2 ** 20

/** Frames into a fragmented MP4 file. Video goes one frame late, with its exact duration. */
export class Mp4File implements AssetSink {
  readonly #muxer = new Fmp4Muxer()
  readonly #file
  readonly #tracks = new Map<number, Track>()
  readonly #late = new Map<number, Frame>()
  #isOpen = false
  #failure: Error | undefined

  constructor(path: string) {
    this.#file = createWriteStream(path, { highWaterMark: MAX_QUEUED_BYTES })
    this.#file.on('error', (error) => {
      this.#failure = error
    })
  }

  onTrack(track: Track): void {
    this.#tracks.set(track.id, track)
    for (const part of this.#muxer.setTracks([...this.#tracks.values()])) if (this.#isOpen) this.#write(part)
  }
  onFrame(frame: Frame): void {
    if (!this.#isOpen) this.#write(this.#muxer.preamble())
    this.#isOpen = true
    if (this.#tracks.get(frame.trackId)?.kind !== 'video') return this.#put(frame)
    const before = this.#late.get(frame.trackId)
    this.#late.set(frame.trackId, frame)
    if (before) this.#put({ ...before, durationTicks: (frame.dtsTicks - before.dtsTicks) as Ticks })
  }
  /** Rejects with UnavailableError where the file cannot be written. */
  room(): Promise<void> | undefined {
    if (this.#failure) return Promise.reject(unavailable(this.#failure))
    return this.#file.writableNeedDrain ? once(this.#file, 'drain').then(() => {}, failed) : undefined
  }
  /** Resolves when everything is written; rejects with UnavailableError. */
  async close(): Promise<void> {
    if (this.#failure) throw unavailable(this.#failure)
    for (const frame of this.#late.values()) this.#put(frame)
    this.#late.clear()
    this.#file.end()
    await finished(this.#file).catch(failed)
  }
  /** What is written so far is worth nothing. */
  async abandon(): Promise<void> {
    this.#file.destroy()
    await finished(this.#file).catch(() => {})
  }

  #put(frame: Frame): void {
    for (const part of this.#muxer.frame(frame)) this.#write(part)
  }
  /** The muxer's parts are valid until its next call only. */
  #write(bytes: Uint8Array): void {
    this.#file.write(bytes.slice())
  }
}

function unavailable(error: Error): UnavailableError {
  return new UnavailableError('the output file', error.message)
}
function failed(error: Error): never {
  throw unavailable(error)
}
