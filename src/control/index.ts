export { type AdminToken, loadAdminToken } from './admin-token.ts'
export type { ApiContext } from './api/api-context.ts'
export { openControlApi } from './api/control-api.ts'
export { CatalogWriter } from './catalog-writer.ts'
export {
  type LiveEntry,
  type PublishSession,
  type RegistryObserver,
  StreamRegistry,
  type WorkerControl,
} from './registry.ts'
export { type StreamReport, type ViewerReport, type WorkerReport, WorkerStats } from './stats.ts'
