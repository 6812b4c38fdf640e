import type { MediaSink } from '../../../media/model/index.ts'
import { errorFields, type Logger } from '../../../platform/telemetry/index.ts'
import { BackOff } from '../parent/back-off.ts'
import type { CodecJob, JobEnd } from '../parent/codec-job.ts'
import type { CodecProcess } from '../parent/codec-process.ts'
import { LateSink } from './late-sink.ts'

/** What the demo needs of a stream's Publication. */
export interface DemoPublication extends MediaSink {
  end(reason: string): void
  /** Set by the demo: another publisher or an operator ends this one. */
  onKick: (reason: string) => void
}

export type DemoPublisherOptions = {
  /** Name of the stream, for log lines. */
  readonly name: string
  /** Called when there is something to publish, and again after an interruption. */
  readonly publish: () => Promise<DemoPublication>
  /** A codec process of the demo's own; the demo ends it. */
  readonly codec: () => CodecProcess
  readonly log: Logger
}

/** There are thirty frames a second; a process that gives none for so long is replaced. */
const FROZEN_MS = 10_000
const ADVICE = 'for a demo stream and pictures run "npm install node-av"; everything else works without it'

/**
 * Publishes a test picture with the running time and a tone, made by a codec process. When the process dies or the
 * stream is taken, it tries again: each run is a publication of its own, and the stream's grace time bridges the gap.
 * Kicked, it stays away: whoever took the stream shall keep it.
 */
export class DemoPublisher implements AsyncDisposable {
  readonly #options: DemoPublisherOptions
  readonly #log: Logger
  readonly #backOff = new BackOff()
  #codec: CodecProcess | undefined
  #run: DemoRun | undefined
  #retry: NodeJS.Timeout | undefined
  #runCount = 0
  #refusedCount = 0
  #closed = false

  constructor(options: DemoPublisherOptions) {
    this.#options = options
    this.#log = options.log.with({ stream: options.name })
  }

  start(): void {
    if (this.#closed || this.#codec) return
    this.#codec = this.#options.codec()
    this.#next(this.#codec)
  }
  /** Resolves when the codec process is gone. Idempotent. */
  async close(): Promise<void> {
    this.#closed = true
    clearTimeout(this.#retry)
    this.#run?.stop('the demo ends')
    await this.#codec?.[Symbol.asyncDispose]()
  }
  [Symbol.asyncDispose](): Promise<void> {
    return this.close()
  }

  #next(codec: CodecProcess): void {
    this.#run = new DemoRun(codec, this.#options.publish, {
      onPublished: () => {
        this.#backOff.succeeded()
        this.#refusedCount = 0
        this.#log.info(this.#runCount++ === 0 ? 'demo.started' : 'demo.resumed', { ffmpeg: codec.ffmpeg })
      },
      onKicked: (reason) => {
        this.#log.info('demo.ended', { reason })
        void this.close()
      },
      onRefused: (error) => {
        this.#refused(error)
        this.#later(codec)
      },
      onEnd: (end) => this.#ended(codec, end),
    })
  }

  /** Somebody else may hold the name for days: that is said once. */
  #refused(error: unknown): void {
    const level = this.#refusedCount++ === 0 ? 'warn' : 'debug'
    this.#log[level]('demo.refused', errorFields(error))
  }
  #ended(codec: CodecProcess, end: JobEnd): void {
    if (this.#closed) return
    if (end.outcome === 'missing') {
      this.#log.warn('demo.unavailable', { reason: end.problem, advice: ADVICE })
      void this.close()
    } else if (end.outcome === 'died') {
      this.#next(codec) // waits for the new process, which comes after a back-off of its own
    } else {
      this.#log.warn('demo.failed', { problem: end.outcome === 'failed' ? end.problem : end.outcome })
      this.#later(codec)
    }
  }
  #later(codec: CodecProcess): void {
    if (!this.#closed) this.#retry = setTimeout(() => this.#next(codec), this.#backOff.failed())
  }
}

type DemoRunEvents = {
  readonly onPublished: () => void
  readonly onKicked: (reason: string) => void
  /** `publish` or the publication threw; `onEnd` does not come. */
  readonly onRefused: (error: unknown) => void
  readonly onEnd: (end: JobEnd) => void
}

/** One life of the codec job and the publication that it feeds. */
class DemoRun {
  readonly #events: DemoRunEvents
  readonly #publish: () => Promise<DemoPublication>
  readonly #sink = new LateSink()
  readonly #job: CodecJob
  #publication: DemoPublication | undefined
  #asked = false
  #over = false

  constructor(codec: CodecProcess, publish: () => Promise<DemoPublication>, events: DemoRunEvents) {
    this.#publish = publish
    this.#events = events
    this.#job = codec.run(
      { request: { kind: 'demo' }, timeoutMs: FROZEN_MS },
      {
        onTrack: (track) => {
          this.#feed(() => this.#sink.onTrack(track))
          if (!this.#asked) void this.#open()
        },
        onFrame: (frame) => this.#feed(() => this.#sink.onFrame(frame)),
        onEnd: (end) => {
          const problem = 'problem' in end ? end.problem : end.outcome
          if (this.#finish(`the codec process: ${problem}`)) events.onEnd(end)
        },
      },
    )
  }

  stop(reason: string): void {
    if (this.#finish(reason)) this.#job.cancel()
  }

  /** What the stream throws (no memory for its log) is not the codec process's fault. */
  #feed(give: () => void): void {
    if (this.#over) return
    try {
      give()
    } catch (error) {
      this.#fail(error)
    }
  }
  #fail(error: unknown): void {
    if (this.#over) return
    this.stop('it cannot be published')
    this.#events.onRefused(error)
  }

  async #open(): Promise<void> {
    this.#asked = true
    try {
      const publication = await this.#publish()
      if (this.#over) return publication.end('the demo ended meanwhile')
      publication.onKick = (reason) => {
        this.stop(reason)
        this.#events.onKicked(reason)
      }
      this.#publication = publication
      this.#sink.open(publication)
      this.#events.onPublished()
    } catch (error) {
      this.#fail(error)
    }
  }
  /** True the first time. */
  #finish(reason: string): boolean {
    if (this.#over) return false
    this.#over = true
    this.#publication?.end(reason)
    return true
  }
}
