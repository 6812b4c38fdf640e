import { UnsupportedInputError } from '../../../media/errors.ts'
import type { Profile } from '../../../platform/config/index.ts'
import { UnavailableError } from '../../../platform/errors.ts'
import type { AssetOpened } from '../channel/job-messages.ts'
import { rungOrder } from '../ladder/rung-plan.ts'
import type { JobEnd } from '../parent/codec-job.ts'
import type { CodecProcess } from '../parent/codec-process.ts'
import { GatheredTracks } from './gathered-tracks.ts'
import { type AssetSink, PacedSink } from './paced-sink.ts'

export type AssetOptions = {
  readonly codec: CodecProcess
  /** MP4, MOV, Matroska, WebM, MPEG-TS, FLV, or whatever else FFmpeg reads. */
  readonly path: string
  readonly profiles: readonly Profile[]
  readonly onOpened?: (asset: Omit<AssetOpened, 'job'>) => void
  /** How far it is; 0 to 1. */
  readonly onProgress?: (share: number) => void
  /** Something that whoever gave the file should know, and that is no failure. */
  readonly onNotice?: (text: string) => void
  readonly signal?: AbortSignal
}

/** A file in which a codec process finds nothing to do for so long has frozen it. */
const FROZEN_MS = 60_000

/**
 * Transcodes a file as fast as it goes and `sink` takes it. All tracks come before the first frame: a video track for
 * every profile that has video, ids 1, 3, 5 …, and all audio of the file as the first profile with audio has it, even
 * ids. One that begins long after the others is left out. Rejects with UnsupportedInputError where the file or an encoder
 * does not do, UnavailableError where there are no codecs, and with what `sink` rejects its `room`.
 */
export function transcodeAsset(options: AssetOptions, sink: AssetSink): Promise<void> {
  const { codec, path, profiles, signal } = options
  const { promise, resolve, reject } = Promise.withResolvers<void>()
  const rungs = profiles.map((profile, slot) => rungOrder({ profile, slot, afterTicks: undefined }, false))
  const onFailed = (error: unknown) => {
    reject(error)
    job.cancel()
  }
  const paced = new PacedSink(sink, codec, onFailed)
  const gathered = new GatheredTracks(profiles, paced, { onLeftOut: (text) => options.onNotice?.(text) })
  let durationSeconds = 0
  const job = codec.run(
    { request: { kind: 'asset', path, rungs }, timeoutMs: FROZEN_MS },
    {
      onAssetOpened: ({ job: _, ...asset }) => {
        durationSeconds = asset.durationSeconds
        gathered.expect(asset)
        options.onOpened?.(asset)
      },
      onNotice: (text) => options.onNotice?.(text),
      onTrack: (track) => gathered.onTrack(track),
      onFrame: (frame) => gathered.onFrame(frame),
      onProgress: ({ atSeconds = 0 }) =>
        options.onProgress?.(durationSeconds > 0 ? Math.min(1, atSeconds / durationSeconds) : 0),
      onRungFailed: (slot, problem) => {
        onFailed(new UnsupportedInputError(`${profiles[slot]?.name ?? 'sound'}: ${problem}`))
      },
      onEnd: (end) => {
        if (end.outcome !== 'done') return reject(errorOf(end))
        gathered.flush()
        paced.whenEmpty(resolve)
      },
    },
  )
  signal?.addEventListener('abort', () => job.cancel(), { once: true })
  return promise
}

function errorOf(end: Exclude<JobEnd, { outcome: 'done' }>): Error {
  if (end.outcome === 'failed' && end.fault === 'input') return new UnsupportedInputError(end.problem)
  if (end.outcome === 'missing') return new UnavailableError('transcoding', `${end.problem}; install node-av`)
  return new UnavailableError('transcoding', 'problem' in end ? end.problem : 'it was cancelled')
}
