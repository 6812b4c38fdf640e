import { z } from 'zod'

const SIZE = /^\d{2,4}x\d{2,4}$/
const VIDEO_TARGETS = ['h264', 'h265', 'vp8', 'vp9', 'av1', 'copy', 'none'] as const
const AUDIO_TARGETS = ['aac', 'opus', 'mp3', 'pcma', 'pcmu', 'copy', 'none'] as const

/** What a rung of a ladder is; absent keys come from the built-in profile of that name, or are the defaults. */
export const PROFILE = z.strictObject({
  video: z
    .strictObject({
      codec: z.enum(VIDEO_TARGETS).optional().describe('`copy` passes the frames on; `none` leaves video out.'),
      size: z
        .string()
        .regex(SIZE, 'WIDTHxHEIGHT')
        .optional()
        .describe('Box that the picture fits in, aspect kept, never upscaled; turned for upright pictures.'),
      maxFps: z.number().min(1).max(240).optional().describe('Frames a second at most; absent: as the source.'),
      bitrateKbps: z.int().min(10).max(200_000).optional().describe('Mean bit rate; with `crf`, the most.'),
      crf: z.int().min(0).max(63).optional().describe('Constant quality instead of a mean bit rate.'),
      gopMs: z
        .int()
        .min(0)
        .max(60_000)
        .optional()
        .describe('Keyframes at least this often, besides those of the source. 0: only those.'),
      preset: z.string().max(20).optional().describe('Speed of the encoder, in its own words.'),
      threads: z
        .int()
        .min(1)
        .max(16)
        .optional()
        .describe('Slices that each picture is encoded in at the same time (h264); for rungs too large for one core.'),
      encoder: z
        .enum(['software', 'nvenc', 'qsv', 'vaapi', 'videotoolbox'])
        .optional()
        .describe('Hardware that encodes (h264, h265, av1); software does where it is not there.'),
      text: z
        .string()
        .max(200)
        .optional()
        .describe('Written on the picture; `{stream}`, `{profile}` and `{time}` (UTC) are filled in. Needs a font.'),
      image: z.string().max(1000).optional().describe('PNG, JPEG or WebP file laid over the picture.'),
      corner: z
        .enum(['top-left', 'top-right', 'bottom-left', 'bottom-right'])
        .optional()
        .describe('Where text and image go; the image is in the opposite corner where there are both.'),
      bFrames: z.int().min(0).max(8).optional().describe('B-frames in a row (h264, h265).'),
    })
    .optional(),
  audio: z
    .strictObject({
      codec: z.enum(AUDIO_TARGETS).optional().describe('`copy` passes the frames on; `none` leaves audio out.'),
      bitrateKbps: z
        .int()
        .min(6)
        .max(512)
        .optional()
        .describe('Absent: audio that has this codec already is passed on, other is encoded at 128.'),
      sampleRateHz: z.int().min(8000).max(96_000).optional().describe('Absent: as the source, as far as possible.'),
      channels: z.int().min(1).max(2).optional().describe('Absent: as the source, two at most.'),
      loudnessLufs: z
        .number()
        .min(-40)
        .max(-5)
        .optional()
        .describe('Loudness that the sound is slowly brought to (EBU R 128: -23); peaks stay below -1 dB.'),
    })
    .optional(),
})
export type ProfileSettings = z.infer<typeof PROFILE>

/** The codec module's own settings. */
export const TRANSCODE = z.strictObject({
  idleMs: z
    .int()
    .min(0)
    .max(86_400_000)
    .default(15_000)
    .describe('A rendition on demand that nobody has taken for so long is stopped.'),
  frozenMs: z
    .int()
    .min(500)
    .max(600_000)
    .default(5000)
    .describe('A codec process that has work and gives no sign for so long is replaced.'),
  maxLagMs: z
    .int()
    .min(100)
    .max(60_000)
    .default(3000)
    .describe('A codec process further behind its source goes on at the next keyframe.'),
  cpuCores: z
    .union([z.literal('auto'), z.number().min(0.01).max(1024)])
    .default('auto')
    .describe(
      'CPU that all codec processes may use; `auto`: three quarters of the machine. Beyond it, imports wait and rungs are shed.',
    ),
  maxProcessBytes: z
    .int()
    .min(67_108_864)
    .default(1_610_612_736)
    .describe('Resident memory at which a codec process is replaced.'),
})
