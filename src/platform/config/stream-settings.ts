import type { Config, StreamSettings } from './schema.ts'

export type ResolvedStreamSettings = {
  readonly publishKey: string | undefined
  readonly record: boolean | 'source'
  readonly takeover: 'same-source' | 'always' | 'never'
  readonly graceMs: number
  /** Names of profiles. */
  readonly ladder: readonly string[]
  /** Names of streams. */
  readonly variants: readonly string[]
  readonly ladderMode: 'on-demand' | 'always'
  readonly convert: 'none' | 'audio' | 'b-frames' | 'all'
  readonly watch: boolean
}

const DEFAULTS: ResolvedStreamSettings = {
  publishKey: undefined,
  record: false,
  takeover: 'same-source',
  graceMs: 10_000,
  ladder: [],
  variants: [],
  ladderMode: 'on-demand',
  convert: 'b-frames',
  watch: false,
}

/** `*` stands for one segment, `**` for any number of them. */
export function matchesPattern(pattern: string, name: string): boolean {
  const parts = pattern.split('/').map((part) => (part === '**' ? '.*' : part.split('*').map(literal).join('[^/]*')))
  return new RegExp(
    `^${parts
      .join('/')
      .replaceAll('/.*', '(?:/.*)?')
      .replace(/^\.\*\//, '(?:.*/)?')}$`,
  ).test(name)
}
function literal(text: string): string {
  return text.replace(/[.+?^${}()|[\]\\]/g, '\\$&')
}

/** Longer literal text is more specific; the most specific pattern comes last and wins. */
export function resolveStreamSettings(config: Pick<Config, 'streams'>, name: string): ResolvedStreamSettings {
  const matching = Object.entries(config.streams)
    .filter(([pattern]) => matchesPattern(pattern, name))
    .sort(([a], [b]) => specificity(a) - specificity(b))
  const merged: StreamSettings = {}
  for (const [, settings] of matching) Object.assign(merged, settings)
  return {
    publishKey: merged.publishKey,
    record: merged.record ?? DEFAULTS.record,
    takeover: merged.takeover ?? DEFAULTS.takeover,
    graceMs: merged.graceMs ?? DEFAULTS.graceMs,
    ladder: merged.ladder ?? DEFAULTS.ladder,
    variants: merged.variants ?? DEFAULTS.variants,
    ladderMode: merged.ladderMode ?? DEFAULTS.ladderMode,
    convert: merged.convert ?? DEFAULTS.convert,
    watch: merged.watch ?? DEFAULTS.watch,
  }
}
function specificity(pattern: string): number {
  return pattern.replaceAll('*', '').length * 2 + (pattern.includes('*') ? 0 : 1)
}

const SEGMENT = /^[A-Za-z0-9._-]+$/
const MAX_SEGMENTS = 8
const MAX_NAME_LENGTH = 255

/** 1–8 segments of `[A-Za-z0-9._-]`, none of them `.` or `..`. Returns what is wrong, or undefined. */
export function streamNameProblem(name: string): string | undefined {
  if (name.length > MAX_NAME_LENGTH) return `a stream name has at most ${MAX_NAME_LENGTH} characters`
  const segments = name.split('/')
  if (segments.length > MAX_SEGMENTS) return `a stream name has at most ${MAX_SEGMENTS} segments`
  for (const segment of segments) {
    if (!SEGMENT.test(segment) || /^\.+$/.test(segment)) {
      return 'a stream name is 1 to 8 segments of letters, digits, ".", "_" or "-", such as live/demo'
    }
  }
  return undefined
}
