export { type ConfigSources, loadConfig } from './load-config.ts'
export type { Config, StreamSettings } from './schema.ts'
export { CONFIG } from './schema.ts'
export {
  matchesPattern,
  type ResolvedStreamSettings,
  resolveStreamSettings,
  streamNameProblem,
} from './stream-settings.ts'
