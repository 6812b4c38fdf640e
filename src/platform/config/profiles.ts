import { ConfigurationError } from '../errors.ts'
import type { ProfileSettings } from './profile-schema.ts'

type VideoTarget = NonNullable<NonNullable<ProfileSettings['video']>['codec']>
type AudioTarget = NonNullable<NonNullable<ProfileSettings['audio']>['codec']>

export type Corner = 'top-left' | 'top-right' | 'bottom-left' | 'bottom-right'

/** A profile with nothing left open but what the source decides. */
export type Profile = {
  readonly name: string
  readonly video: {
    readonly codec: VideoTarget
    readonly widthPx: number
    readonly heightPx: number
    readonly maxFps?: number
    readonly bitrateKbps: number
    readonly crf?: number
    readonly gopMs: number
    readonly preset?: string
    readonly threads?: number
    readonly bFrames: number
    readonly text?: string
    readonly image?: string
    readonly corner?: Corner
    readonly encoder?: 'software' | 'nvenc' | 'qsv' | 'vaapi' | 'videotoolbox'
  }
  readonly audio: {
    readonly codec: AudioTarget
    readonly bitrateKbps?: number
    readonly sampleRateHz?: number
    readonly channels?: number
    readonly loudnessLufs?: number
  }
}

const DEFAULTS = {
  video: { codec: 'h264', size: '1280x720', bitrateKbps: 2500, gopMs: 0, bFrames: 0 },
  audio: { codec: 'aac' },
} as const

const BUILT_IN: Readonly<Record<string, ProfileSettings>> = {
  '1080p': { video: { size: '1920x1080', bitrateKbps: 4500 } },
  '720p': { video: { size: '1280x720', bitrateKbps: 2500 } },
  '480p': { video: { size: '854x480', bitrateKbps: 1200 } },
  '360p': { video: { size: '640x360', bitrateKbps: 700 } },
  '240p': { video: { size: '426x240', bitrateKbps: 350 } },
  audio: { video: { codec: 'none' }, audio: { bitrateKbps: 96 } },
}

const WHOLE_PICTURE = { codec: 'h264', size: '3840x2160', crf: 23, bitrateKbps: 8000, bFrames: 0 } as const

/** What a stream is turned into where an output cannot carry it: by what must become something else. */
export const CONVERSIONS = {
  audio: { name: '_aac', video: { codec: 'copy' }, audio: { codec: 'aac' } },
  'b-frames': { name: '_as-shown', video: WHOLE_PICTURE, audio: { codec: 'copy' } },
  video: { name: '_h264', video: WHOLE_PICTURE, audio: { codec: 'aac' } },
} as const

/** Looks at the stream and makes nothing. */
export const WATCH_PROFILE = '_watch'

/** These, and what only looks at a stream, as profiles. */
export function conversionProfiles(): Profile[] {
  const nothing = { name: WATCH_PROFILE, video: { codec: 'none' }, audio: { codec: 'none' } } as const
  return [...Object.values(CONVERSIONS), nothing].map(({ name, ...settings }) =>
    resolveProfile({ [name]: settings }, name),
  )
}

/** Names that a ladder may have. */
export function profileNames(profiles: Readonly<Record<string, ProfileSettings>>): string[] {
  return [...new Set([...Object.keys(BUILT_IN), ...Object.keys(profiles)])]
}

/** Throws ConfigurationError where there is no such profile. */
export function resolveProfile(profiles: Readonly<Record<string, ProfileSettings>>, name: string): Profile {
  const own = profiles[name]
  const builtIn = BUILT_IN[name]
  if (!own && !builtIn) {
    throw new ConfigurationError('profiles', name, `one of: ${profileNames(profiles).join(', ')}`, 'an unknown profile')
  }
  // A key that the schema let through is there and of its type, or absent.
  const video = { ...DEFAULTS.video, ...builtIn?.video, ...own?.video }
  const [width, height] = (video.size ?? DEFAULTS.video.size).split('x')
  const { size: _, ...rest } = video
  return {
    name,
    video: { ...rest, widthPx: Number(width), heightPx: Number(height) },
    audio: { ...DEFAULTS.audio, ...builtIn?.audio, ...own?.audio },
  } as Profile
}
