import type { Config } from '../../platform/config/index.ts'
import type { Logger } from '../../platform/telemetry/index.ts'

import type { Delivery, SegmentedService } from '../delivery/index.ts'
import type { TilePlace } from '../packaging/index.ts'
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
  /** The same of the live window of a stream, in one of its lives. */
  readonly liveTile: (
    name: string,
    life: string,
    place: TilePlace,
  ) => Promise<{ readonly bytes: Uint8Array; readonly isWhole: boolean }>
  /** Thumbnails of a recording side by side; a JPEG. Rejects likewise. */
  readonly recordedTile: (
    id: string,
    place: TilePlace,
  ) => Promise<{ readonly bytes: Uint8Array; readonly isWhole: boolean }>
  /** Where the control thread's HTTP server listens. */
  readonly controlSocketPath: string
  /** Unique in the cluster of workers. */
  readonly newSessionId: () => string
}
