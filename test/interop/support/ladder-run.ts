import { InvariantError } from '../../../src/media/errors.ts'
import type { Frame, Track } from '../../../src/media/model/index.ts'
import { MESSAGE, type RungOrder, slotOf } from '../../../src/pipeline/transcode/channel/job-messages.ts'
import type { CodecProcess, JobSink } from '../../../src/pipeline/transcode/index.ts'

/** A track with all its frames, in decoding order. */
export type Material = { readonly track: Track; readonly frames: readonly Frame[] }

/** Puts material through one ladder job as fast as it goes; what each rung gave, by slot and kind. */
export function runLadder(
  codec: CodecProcess,
  sources: readonly Material[],
  rungs: readonly RungOrder[],
  more: Pick<JobSink, 'onNotice' | 'onWatched' | 'onProgress'> = {},
): Promise<ReadonlyMap<string, Material>> {
  const tracks = new Map<number, Track>()
  const frames = new Map<number, Frame[]>()
  const { promise, resolve, reject } = Promise.withResolvers<ReadonlyMap<string, Material>>()
  const job = codec.run(
    { request: { kind: 'ladder' } },
    {
      onStarted: () => {
        job.send(MESSAGE.rungs, { rungs })
        for (const { track } of sources) {
          const { config, ...rest } = track
          job.send(MESSAGE.inputTrack, { track: rest }, config)
        }
        for (const { data, ...header } of interleaved(sources)) job.send(MESSAGE.inputFrame, header, data)
        job.send(MESSAGE.finish, {})
      },
      onTrack: (track) => tracks.set(track.id, track),
      onFrame: (frame) => frames.set(frame.trackId, [...(frames.get(frame.trackId) ?? []), frame]),
      ...more,
      onRungFailed: (slot, problem) => reject(new Error(`rung ${slot}: ${problem}`)),
      onEnd: (end) => {
        if (end.outcome !== 'done') return reject(new Error(JSON.stringify(end)))
        const results = [...tracks.values()].map((track): [string, Material] => [
          materialKey(slotOf(track.id), track.kind),
          { track, frames: frames.get(track.id) ?? [] },
        ])
        resolve(new Map(results))
      },
    },
  )
  return promise
}
export function materialKey(slot: number, kind: Track['kind']): string {
  return `${slot} ${kind}`
}

function interleaved(sources: readonly Material[]): Frame[] {
  const clock = new Map(sources.map(({ track }) => [track.id, track.clockRateHz]))
  const seconds = ({ dtsTicks, trackId }: Frame) => {
    const hz = clock.get(trackId)
    if (hz === undefined) throw new InvariantError('a frame without its track')
    return dtsTicks / hz
  }
  return sources.flatMap(({ frames }) => frames).sort((a, b) => seconds(a) - seconds(b))
}
