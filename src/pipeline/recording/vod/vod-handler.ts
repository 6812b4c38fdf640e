import type { IncomingMessage, ServerResponse } from 'node:http'

export type VodTarget = { readonly id: string /** `mp4`, or a file below `/vod/<id>/`. */; readonly file: string }

/** Serves recordings at `/vod/<id>.mp4` and `/vod/<id>/index.m3u8`. */
export interface VodHandler {
  /** Rejects with AccessDeniedError (`not-found`) for what does not exist. */
  serve(request: IncomingMessage, response: ServerResponse, target: VodTarget): Promise<void>
}
