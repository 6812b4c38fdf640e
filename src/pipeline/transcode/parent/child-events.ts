import { z } from 'zod'
import { audioTrack, videoTrack } from '../../../media/codecs/index.ts'
import { MalformedInputError } from '../../../media/errors.ts'
import { AUDIO_CODECS, type Frame, type Ticks, type Track, VIDEO_CODECS } from '../../../media/model/index.ts'
import type { AssetOpened, Progress, WatchEvent } from '../channel/job-messages.ts'
import type { Message } from '../channel/message.ts'

/**
 * What a codec process says, checked: it decodes strangers' bytes with native code, so its word is not taken for
 * granted. Every reader throws MalformedInputError.
 */
const job = z.int().positive()
const integer = z.int()
const size = z.int().min(0).max(65_535)

const schemas = {
  hello: z.object({ ffmpeg: z.string().max(100) }),
  missing: z.object({ reason: z.string().max(4000) }),
  job: z.object({ job }),
  track: z.discriminatedUnion('kind', [
    z.object({
      job,
      kind: z.literal('video'),
      id: size,
      codec: z.enum(VIDEO_CODECS),
      widthPx: size,
      heightPx: size,
      frameRate: z.number().positive().optional(),
    }),
    z.object({
      job,
      kind: z.literal('audio'),
      id: size,
      codec: z.enum(AUDIO_CODECS),
      sampleRateHz: z.int().positive(),
      channelCount: z.int().positive().max(255),
      language: z.string().min(1).max(35).optional(),
    }),
  ]),
  frame: z.object({
    job,
    trackId: size,
    ptsTicks: integer,
    dtsTicks: integer,
    durationTicks: integer.min(0),
    isKey: z.boolean(),
  }),
  progress: z.object({
    job,
    consumed: integer.min(0),
    cpuMs: z.number().min(0),
    rssBytes: z.number().min(0),
    damaged: integer.min(0),
    decoded: integer.min(0),
    atSeconds: z.number().optional(),
    momentaryLufs: z.number().optional(),
    integratedLufs: z.number().optional(),
    rungs: z.array(z.object({ slot: integer.min(0), frames: integer.min(0), busyMs: z.number().min(0) })).max(64),
  }),
  assetOpened: z.object({
    job,
    format: z.string().max(200),
    durationSeconds: z.number().min(0),
    hasVideo: z.boolean(),
    audioCount: integer.min(0).max(64),
  }),
  usage: z.object({ cpuMs: z.number().min(0) }),
  watched: z.object({ job, what: z.enum(['silence', 'black', 'freeze']), isOn: z.boolean() }),
  notice: z.object({ job, text: z.string().max(2000) }),
  rungFailed: z.object({ job, slot: integer.min(0), problem: z.string().max(4000) }),
  done: z.object({ job, decodes: integer.min(0), rssBytes: z.number().min(0) }),
  failed: z.object({ job, fault: z.enum(['input', 'codec']), problem: z.string().max(4000) }),
}

function read<T>(what: string, schema: z.ZodType<T>, message: Message): T {
  const result = schema.safeParse(message.header)
  if (result.success) return result.data
  throw new MalformedInputError(`codec process message "${what}"`, 0, z.prettifyError(result.error))
}

export const readHello = (message: Message): string => read('hello', schemas.hello, message).ffmpeg
export const readMissing = (message: Message): string => read('missing', schemas.missing, message).reason
export const readJob = (message: Message): number => read('job', schemas.job, message).job
export const readFailed = (message: Message): z.infer<typeof schemas.failed> => read('failed', schemas.failed, message)
export const readDone = (message: Message): z.infer<typeof schemas.done> => read('done', schemas.done, message)
export const readNotice = (message: Message): string => read('notice', schemas.notice, message).text
export const readAssetOpened = (message: Message): AssetOpened => read('asset opened', schemas.assetOpened, message)
export const readUsage = (message: Message): number => read('usage', schemas.usage, message).cpuMs
export const readWatched = (message: Message): WatchEvent => read('watched', schemas.watched, message)
export function readProgress(message: Message): Progress {
  const { atSeconds, momentaryLufs, integratedLufs, ...said } = read('progress', schemas.progress, message)
  return {
    ...said,
    ...(atSeconds === undefined ? {} : { atSeconds }),
    ...(momentaryLufs === undefined || integratedLufs === undefined ? {} : { momentaryLufs, integratedLufs }),
  }
}
export const readRungFailed = (message: Message): { slot: number; problem: string } =>
  read('rung failed', schemas.rungFailed, message)

export function readTrack(message: Message): Track {
  const said = read('track', schemas.track, message)
  if (said.kind === 'video') {
    const { id, codec, widthPx, heightPx, frameRate } = said
    const track = videoTrack(id, codec, message.payload, { widthPx, heightPx })
    return frameRate === undefined ? track : { ...track, frameRate }
  }
  const { id, codec, sampleRateHz, channelCount, language } = said
  const track = audioTrack(id, codec, message.payload, { sampleRateHz, channelCount })
  return language === undefined ? track : { ...track, language }
}

/** `data` belongs to the caller. */
export function readFrame(message: Message): Frame {
  const said = read('frame', schemas.frame, message)
  return {
    trackId: said.trackId,
    ptsTicks: said.ptsTicks as Ticks,
    dtsTicks: said.dtsTicks as Ticks,
    durationTicks: said.durationTicks as Ticks,
    isKey: said.isKey,
    data: message.payload,
  }
}
