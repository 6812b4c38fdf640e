import type { CopySlabs } from '../media/formats/mp4/index.ts'
import { CmafOutput, tileMs } from '../pipeline/packaging/index.ts'
import { Recorder, type RecordingFacts } from '../pipeline/recording/index.ts'
import { isRecorded, LogWriter, renditionParts, type SegmentPool } from '../pipeline/stream/index.ts'
import type { Config } from '../platform/config/index.ts'
import type { BlobStore } from '../platform/storage/index.ts'
import type { Logger } from '../platform/telemetry/index.ts'

export type CmafOutputsOptions = {
  readonly config: Config
  readonly pool: SegmentPool
  readonly slabs: CopySlabs
  readonly store: BlobStore
  readonly facts: RecordingFacts
  readonly log: Logger
  /** Made by the codec module on this worker. */
  readonly isRendition: (name: string) => boolean
  /** It was live before, and what its viewers have been given since has its numbers. */
  readonly isBack: (name: string) => boolean
}

/** The CMAF outputs of a worker's streams. What is recorded is what HLS serves: a recorder rides on the output. */
export class CmafOutputs {
  readonly #options: CmafOutputsOptions
  readonly #recorders = new Set<Recorder>()
  /** The newest of each stream that lives. */
  readonly #outputs = new Map<string, CmafOutput>()

  constructor(options: CmafOutputsOptions) {
    this.#options = options
  }

  isRecorded(name: string): boolean {
    const { config, isRendition } = this.#options
    return isRecorded(config, name, isRendition(name))
  }

  make(name: string): CmafOutput {
    const output = this.#output(name, this.isRecorded(name) ? this.#newRecorder(name) : undefined)
    this.#outputs.set(name, output)
    return output
  }
  /** For a file that is taken in. */
  recorded(name: string): { readonly recorder: Recorder; readonly output: CmafOutput } {
    const recorder = this.#newRecorder(name, { isImport: true })
    return { recorder, output: this.#output(name, recorder) }
  }
  forget(name: string): void {
    this.#outputs.delete(name)
  }
  /** Resolves when everything is durable. */
  async settled(): Promise<void> {
    await Promise.all([...this.#recorders].map((recorder) => recorder.settled()))
  }

  #output(name: string, tap: Recorder | undefined): CmafOutput {
    const { config, pool, slabs, isRendition } = this.#options
    const { partMs, ...hls } = config.hls
    const source = isRendition(name) ? renditionParts(config, name)?.source : undefined
    return new CmafOutput(new LogWriter(pool, { maxBytes: config.memory.maxLogBytes }), {
      ...hls,
      // One millisecond more, so that whole frames of 1/24, 1/30 and 1/60 s fill a third of a second.
      partTargetMs: partMs + 1,
      tileMs: tileMs(config.thumbnails),
      life: Date.now().toString(36),
      isBack: this.#options.isBack(name),
      slabs,
      ...(source === undefined ? {} : { clockOf: () => this.#outputs.get(source) }),
      ...(tap ? { tap } : {}),
    })
  }
  #newRecorder(stream: string, { isImport = false } = {}): Recorder {
    const { store, facts, log } = this.#options
    const recorder = new Recorder({ stream, store, facts, log, isImport, nowEpochMs: () => Date.now() })
    this.#recorders.add(recorder)
    return recorder
  }
}
