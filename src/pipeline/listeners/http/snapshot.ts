import type { ServerResponse } from 'node:http'
import { MalformedInputError } from '../../../media/errors.ts'
import type { ListenerContext } from '../context.ts'
import { CORS } from './respond.ts'

const MAX_WIDTH_PX = 3840

/** A picture of the newest keyframe. `?width=` scales down; it never scales up. */
export async function serveSnapshot(
  context: ListenerContext,
  response: ServerResponse,
  target: { readonly name: string; readonly format: 'jpg' | 'webp'; readonly query: URLSearchParams },
): Promise<void> {
  const width = target.query.get('width')
  if (width !== null && !(/^\d{1,4}$/.test(width) && Number(width) >= 16 && Number(width) <= MAX_WIDTH_PX)) {
    throw new MalformedInputError('width', 0, `expected 16 to ${MAX_WIDTH_PX} pixels`)
  }
  const bytes = await context.snapshot(target.name, target.format, width === null ? undefined : Number(width))
  response.writeHead(200, {
    ...CORS,
    'Content-Type': target.format === 'jpg' ? 'image/jpeg' : 'image/webp',
    'Content-Length': bytes.length,
    'Cache-Control': 'max-age=2',
  })
  response.end(bytes)
}
