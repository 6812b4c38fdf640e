import { z } from 'zod'

export const TRACK = z.object({
  id: z.int(),
  kind: z.enum(['video', 'audio']),
  codec: z.string(),
  codecString: z.string().describe('RFC 6381'),
  clockRateHz: z.int(),
  widthPx: z.int().optional(),
  heightPx: z.int().optional(),
  frameRate: z.number().optional(),
  sampleRateHz: z.int().optional(),
  channelCount: z.int().optional(),
  language: z.string().optional(),
})
export const LIVE_TRACK = TRACK.extend({ bitsPerSecond: z.number(), framesPerSecond: z.number() })

export const RENDITION = z.object({
  name: z.string().describe('The live stream that it is'),
  profile: z.string(),
  state: z.enum(['running', 'on demand', 'half rate', 'shed', 'failed']),
  reason: z.string().optional().describe('Why it has half of its frames, or none, or failed'),
  codecs: z.array(z.string()).describe('RFC 6381; as expected before it runs'),
  widthPx: z.int().optional(),
  heightPx: z.int().optional(),
  bitsPerSecond: z.number().describe('Wanted mean'),
})

export const STREAM = z.object({
  name: z.string(),
  state: z.enum(['live', 'waiting']).describe('`waiting`: the publisher is gone and may come back'),
  startedAt: z.iso.datetime(),
  publisher: z.object({ protocol: z.string(), remoteAddress: z.string(), agent: z.string().optional() }).optional(),
  tracks: z.array(LIVE_TRACK),
  bitsPerSecond: z.number(),
  viewers: z.object({ total: z.int(), byProtocol: z.record(z.string(), z.int()) }),
  receivedBytes: z.number(),
  recording: z.boolean(),
  renditions: z.array(RENDITION).describe('The ladder that the configuration gives it'),
  watch: z
    .object({
      momentaryLufs: z.number().optional().describe('EBU R 128'),
      integratedLufs: z.number().optional().describe('EBU R 128, since the start'),
      lasting: z.array(z.object({ what: z.enum(['silence', 'black', 'freeze']), since: z.iso.datetime() })),
    })
    .optional()
    .describe('What is heard and seen of it, where it is watched (`streams.*.watch`)'),
  renditionOf: z.string().optional().describe('The live stream that the codec module makes this one from'),
})
export const STREAMS = z.object({ streams: z.array(STREAM) })

export const RECORDING = z.object({
  id: z.string(),
  stream: z.string(),
  startedAt: z.iso.datetime(),
  endedAt: z.iso.datetime().optional(),
  durationSeconds: z.number(),
  byteLength: z.number(),
  isOpen: z.boolean().describe('Still being written'),
  renditionOf: z.string().optional().describe('The stream whose ladder this is a rung of'),
  tracks: z.array(TRACK.omit({ id: true }).extend({ trackId: z.int() })),
  hlsUrl: z.string(),
  mp4Url: z.string(),
})
export const RECORDINGS = z.object({ recordings: z.array(RECORDING) })

export const ASSET = z.object({
  id: z.string(),
  name: z.string().describe('Stream name of the recording that it becomes'),
  profiles: z.array(z.string()),
  state: z.enum(['uploading', 'waiting', 'transcoding', 'done', 'failed']),
  attempt: z.int().optional().describe('Where it was begun more than once, as the server had ended'),
  progress: z.number().describe('0 to 1'),
  problem: z.string().optional(),
  heldBecause: z.string().optional().describe('Why it goes no further at the moment'),
  warning: z.string().optional().describe('It is done, but the file held less than it should have'),
  recordingId: z.string().optional(),
  hlsUrl: z.string().optional(),
  mp4Url: z.string().optional(),
})
export const ASSETS = z.object({ assets: z.array(ASSET) })

export const INFO = z.object({
  name: z.literal('millrace'),
  version: z.string(),
  listeners: z.array(z.object({ listener: z.string(), host: z.string(), port: z.int() })),
})
export const PROBLEM = z.object({ error: z.object({ code: z.string(), message: z.string() }) })
