import { MESSAGE, type StartHeader } from '../channel/job-messages.ts'
import type { Message } from '../channel/message.ts'
import type { MessagePipe } from '../channel/message-pipe.ts'
import type { Av } from './av.ts'
import { startDemo } from './demo/demo-job.ts'
import { JobOutput } from './job-output.ts'
import { makePicture } from './picture/picture-job.ts'

/** Runs what the worker asks for. */
export class JobRunner {
  readonly #av: Av
  readonly #pipe: MessagePipe
  readonly #cancels = new Map<number, () => void>()

  constructor(av: Av, pipe: MessagePipe) {
    this.#av = av
    this.#pipe = pipe
  }

  receive(message: Message): void {
    if (message.type === MESSAGE.start) this.#start(message.header as StartHeader, message.payload)
    else if (message.type === MESSAGE.cancel) this.#cancel(Number(message.header.job))
  }

  #start(header: StartHeader, input: Uint8Array): void {
    const output = new JobOutput(this.#pipe, header.job)
    try {
      if (header.kind === 'picture') makePicture(this.#av, header, input, output)
      else this.#cancels.set(header.job, startDemo(this.#av, output))
    } catch (error) {
      output.failed('codec', error instanceof Error ? error.message : String(error))
    }
  }
  #cancel(job: number): void {
    this.#cancels.get(job)?.()
    this.#cancels.delete(job)
  }
}
