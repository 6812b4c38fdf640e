import type { Frame, Track } from '../media/model/index.ts'
import type { CmafOutput } from '../pipeline/packaging/index.ts'
import type { Recorder } from '../pipeline/recording/index.ts'
import { type AssetSink, type CodecProcess, transcodeAsset } from '../pipeline/transcode/index.ts'
import { type Config, resolveProfile } from '../platform/config/index.ts'
import { UnavailableError } from '../platform/errors.ts'

export type AssetImportOptions = {
  readonly config: Pick<Config, 'profiles'>
  readonly codec: () => CodecProcess
  /** A recording that is written by what the output packages; made when the first frame is there. */
  readonly record: () => { readonly recorder: Recorder; readonly output: CmafOutput }
  readonly onNews: (news: {
    readonly progress: number
    readonly recordingId?: string
    readonly warning?: string
  }) => void
}

/**
 * An uploaded file becomes a recording: the profiles' video tracks as variants, cut in the same places. Goes no faster
 * than its segments are stored; rejects with UnavailableError where one cannot be: a film with holes is none. Whatever it
 * rejects with, its recording stays open and nothing is written into it any more: it is to be removed.
 */
export async function importAsset(
  options: AssetImportOptions,
  { path, profiles }: { readonly path: string; readonly profiles: readonly string[] },
): Promise<void> {
  const { config, onNews } = options
  await using codec = options.codec()
  const sink = new RecordingSink(options.record)
  let share = 0
  try {
    await transcodeAsset(
      {
        codec,
        path,
        profiles: profiles.map((name) => resolveProfile(config.profiles, name)),
        onOpened: () => onNews({ progress: 0 }),
        onNotice: (warning) => onNews({ progress: share, warning }),
        onProgress: (now) => {
          if (now - share < 0.01) return
          share = now
          onNews({ progress: now, ...(sink.recordingId ? { recordingId: sink.recordingId } : {}) })
        },
      },
      sink,
    )
    await sink.end()
  } catch (error) {
    await sink.abandon()
    throw error
  }
  onNews({ progress: 1, ...(sink.recordingId ? { recordingId: sink.recordingId } : {}) })
}

/** Frames into a recording. */
class RecordingSink implements AssetSink {
  readonly #make: AssetImportOptions['record']
  readonly #tracks: Track[] = []
  readonly #startMs = Date.now()
  #open: ReturnType<AssetImportOptions['record']> | undefined

  constructor(make: AssetImportOptions['record']) {
    this.#make = make
  }

  get recordingId(): string | undefined {
    return this.#open?.recorder.id
  }
  onTrack(track: Track): void {
    const at = this.#tracks.findIndex(({ id }) => id === track.id)
    if (at < 0) this.#tracks.push(track)
    else this.#tracks[at] = track
    this.#open?.output.onTracks(this.#tracks)
  }
  onFrame(frame: Frame): void {
    if (!this.#open) {
      this.#open = this.#make()
      this.#open.output.onTracks(this.#tracks)
    }
    this.#open.output.onFrame(frame, { isJoin: false, epochMs: this.#startMs })
  }
  room(): Promise<void> | undefined {
    const problem = this.#problem
    return problem ? Promise.reject(problem) : this.#open?.recorder.room()
  }
  get #problem(): UnavailableError | undefined {
    const failure = this.#open?.recorder.failure
    return failure && new UnavailableError('the recording', failure.message)
  }
  /** Resolves when everything is durable. Rejects with UnavailableError. */
  async end(): Promise<void> {
    this.#open?.output.onEnd()
    await this.#open?.recorder.settled()
    if (this.#problem) throw this.#problem
    this.#open?.output.log.release()
  }
  async abandon(): Promise<void> {
    await this.#open?.recorder.abandon()
    this.#open?.output.log.release()
  }
}
