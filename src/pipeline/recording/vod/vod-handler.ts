import type { IncomingMessage, ServerResponse } from 'node:http'

import type { TimeRange } from './time-range.ts'

export type VodTarget = { readonly id: string /** `mp4`, or a file below `/vod/<id>/`. */; readonly file: string }

/** `file` is `index.m3u8`, `t1.m3u8` or `manifest.mpd` below the stream's folder. */
export type RangeTarget = { readonly stream: string; readonly file: string; readonly range: TimeRange }

/** Serves recordings at `/vod/<id>.mp4` and `/vod/<id>/index.m3u8`. */
export interface VodHandler {
  /** Rejects with AccessDeniedError (`not-found`) for what does not exist. */
  serve(request: IncomingMessage, response: ServerResponse, target: VodTarget): Promise<void>
  /** The lists of a part of a stream's past; rejects likewise. */
  serveRange(request: IncomingMessage, response: ServerResponse, target: RangeTarget): Promise<void>
}
