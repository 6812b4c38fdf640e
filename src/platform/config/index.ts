// Reading and checking a configuration is `load-config.ts`, entered by itself: it brings the schema library, which
// the media workers do not need.
export {
  CONVERSIONS,
  conversionProfiles,
  type Profile,
  profileNames,
  resolveProfile,
  WATCH_PROFILE,
} from './profiles.ts'
export type { Config, StreamSettings } from './schema.ts'
export {
  matchesPattern,
  type ResolvedStreamSettings,
  resolveStreamSettings,
  streamNameProblem,
} from './stream-settings.ts'
