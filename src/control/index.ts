export { type AdminToken, loadAdminToken } from './admin-token.ts'
export type { ApiContext } from './api/api-context.ts'
export { AssetJobs, type AssetNews, type AssetOrder } from './assets/asset-jobs.ts'
export { CatalogWriter } from './catalog-writer.ts'
export { EventFeed } from './events/index.ts'
export {
  type LiveEntry,
  type PublishSession,
  type RegistryObserver,
  StreamRegistry,
  type WorkerControl,
} from './registry.ts'
export { type StreamReport, type ViewerReport, type WorkerReport, WorkerStats } from './stats.ts'

import type { Server } from 'node:http'
import type { ApiContext } from './api/api-context.ts'

/** Loaded when it is opened, beside the start of the workers: it must not delay the listeners. */
export async function openControlApi(context: ApiContext): Promise<Server> {
  return (await import('./api/control-server.ts')).controlServer(context)
}
