import { type AssetRequest, MESSAGE, type StartHeader } from '../channel/job-messages.ts'
import type { Message } from '../channel/message.ts'
import type { MessagePipe } from '../channel/message-pipe.ts'
import { startAsset } from './asset/asset-job.ts'
import type { Av } from './av.ts'
import { startDemo } from './demo/demo-job.ts'
import { JobOutput } from './job-output.ts'
import { LadderJob } from './ladder/ladder-job.ts'
import { DecodedPictures } from './picture/decoded-pictures.ts'
import { makePicture } from './picture/picture-job.ts'
import { makeTile } from './picture/tile-job.ts'
import type { RunningJob } from './running-job.ts'

/** Runs what the worker asks for. */
export class JobRunner {
  readonly #av: Av
  readonly #pipe: MessagePipe
  readonly #jobs = new Map<number, RunningJob>()
  readonly #decoded: DecodedPictures
  #isHeld = false

  constructor(av: Av, pipe: MessagePipe) {
    this.#av = av
    this.#pipe = pipe
    this.#decoded = new DecodedPictures(av)
  }

  receive(message: Message): void {
    if (message.type === MESSAGE.start) return this.#start(message.header as StartHeader, message.payload)
    if (message.type === MESSAGE.hold) return this.#hold(message.header.isHeld === true)
    const id = Number(message.header.job)
    if (message.type === MESSAGE.cancel) this.#cancel(id)
    else this.#jobs.get(id)?.receive?.(message)
    if (message.type === MESSAGE.finish) this.#jobs.delete(id)
  }

  #start(header: StartHeader, input: Uint8Array): void {
    const output = new JobOutput(this.#pipe, header.job)
    try {
      if (header.kind === 'picture') makePicture(this.#av, this.#decoded, { request: header, input, output })
      else if (header.kind === 'tile') makeTile(this.#av, header, input, output)
      else if (header.kind === 'ladder') this.#jobs.set(header.job, new LadderJob(this.#av, output))
      else if (header.kind === 'asset') this.#startAsset(header, output)
      else this.#jobs.set(header.job, startDemo(this.#av, output))
    } catch (error) {
      output.failed('codec', error instanceof Error ? error.message : String(error))
    }
  }
  #startAsset(header: AssetRequest & { readonly job: number }, output: JobOutput): void {
    const job = startAsset(this.#av, header, output)
    this.#jobs.set(header.job, job)
    if (this.#isHeld) job.hold?.()
  }
  #hold(isHeld: boolean): void {
    this.#isHeld = isHeld
    for (const job of this.#jobs.values()) {
      if (isHeld) job.hold?.()
      else job.release?.()
    }
  }
  #cancel(id: number): void {
    this.#jobs.get(id)?.[Symbol.dispose]()
    this.#jobs.delete(id)
  }
}
