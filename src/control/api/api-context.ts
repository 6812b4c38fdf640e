import type { Config } from '../../platform/config/index.ts'
import type { Catalog } from '../../platform/storage/index.ts'
import type { Logger } from '../../platform/telemetry/index.ts'
import type { AssetJobs } from '../assets/asset-jobs.ts'
import type { EventFeed } from '../events/index.ts'
import type { StreamRegistry } from '../registry.ts'
import type { WorkerStats } from '../stats.ts'

export type ApiContext = {
  readonly config: Config
  readonly registry: StreamRegistry
  readonly stats: WorkerStats
  readonly catalog: Catalog
  readonly assets: AssetJobs
  readonly events: EventFeed
  readonly log: Logger
  readonly version: string
  /** True between the moment that every listener accepts and the moment that the server stops. */
  readonly isReady: () => boolean
  readonly listeners: () => readonly { readonly listener: string; readonly host: string; readonly port: number }[]
  /** Whether a token is the admin token. */
  readonly isAdminToken: (token: string) => boolean
  /** Folder of the built page; absent files give a clear answer. */
  readonly webFolder: string
}
