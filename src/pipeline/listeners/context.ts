import type { Config } from '../../platform/config/index.ts'
import type { Logger } from '../../platform/telemetry/index.ts'

import type { Delivery, SegmentedService } from '../delivery/index.ts'
import type { RecordedTime, VodHandler } from '../recording/index.ts'
import type { StreamHub } from '../stream/index.ts'

/** What every listener of a worker works with. */
export type ListenerContext = {
  readonly config: Config
  readonly hub: StreamHub
  readonly delivery: Delivery
  readonly segmented: SegmentedService
  readonly vod: VodHandler
  readonly log: Logger
  /** A JPEG or WebP of the newest keyframe; rejects with UnavailableError without the codec package. */
  readonly snapshot: (name: string, format: 'jpg' | 'webp', widthPx: number | undefined) => Promise<Uint8Array>
  /** The same of a recording, at some time of it. */
  readonly recordedPicture: (request: {
    readonly id: string
    readonly time: RecordedTime
    readonly format: 'jpg' | 'webp'
    readonly widthPx: number | undefined
  }) => Promise<Uint8Array>
  /** Where the control thread's HTTP server listens. */
  readonly controlSocketPath: string
  /** Unique in the cluster of workers. */
  readonly newSessionId: () => string
}
