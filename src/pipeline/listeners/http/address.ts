import { streamNameProblem } from '../../../platform/config/index.ts'
import { isSegmentedFile } from '../../delivery/index.ts'
import { splitLiveTileFile } from '../../packaging/index.ts'

/** What an HTTP path asks for. */
export type HttpAddress =
  | { readonly kind: 'progressive'; readonly name: string; readonly format: string }
  | { readonly kind: 'segmented'; readonly name: string; readonly file: string }
  | { readonly kind: 'snapshot'; readonly name: string; readonly format: 'jpg' | 'webp' }
  /** Thumbnails of the live window. */
  | { readonly kind: 'tile'; readonly name: string; readonly file: string }
  | { readonly kind: 'vod'; readonly id: string; readonly file: string }
  /** The API, the console, a player page: the control thread's. */
  | { readonly kind: 'control' }
  | { readonly kind: 'invalid'; readonly problem: string }

export type ParsedTarget = { readonly address: HttpAddress; readonly query: URLSearchParams }

const CONTROL = /^\/(api|assets|metrics|healthz|readyz|favicon\.ico|favicon\.svg|robots\.txt)(\/|$)/
const PROGRESSIVE = /^(.+)\.(flv|ts|mp4|webm)$/
const VOD = /^([A-Za-z0-9_-]{1,64})(?:\.(mp4)|\/([A-Za-z0-9._-]+))$/

/** Reads a request target. Never throws; `..` and encoded separators are refused, not resolved. */
export function parseTarget(target: string): ParsedTarget {
  const question = target.indexOf('?')
  const path = question < 0 ? target : target.slice(0, question)
  const query = new URLSearchParams(question < 0 ? '' : target.slice(question + 1))
  return { address: parsePath(path), query }
}

function parsePath(rawPath: string): HttpAddress {
  if (rawPath === '/' || CONTROL.test(rawPath)) return { kind: 'control' }
  let path: string
  try {
    path = decodeURIComponent(rawPath)
  } catch {
    return { kind: 'invalid', problem: 'the path is not valid percent-encoding' }
  }
  const rest = path.slice(1).replace(/\/$/, '')
  const vod = rest.startsWith('vod/') ? VOD.exec(rest.slice(4)) : null
  if (vod) return { kind: 'vod', id: vod[1] ?? '', file: vod[2] ? 'mp4' : (vod[3] ?? '') }
  return streamAddress(rest)
}

function streamAddress(rest: string): HttpAddress {
  const slash = rest.lastIndexOf('/')
  const folder = rest.slice(0, Math.max(0, slash))
  const file = rest.slice(slash + 1)
  if (folder && isSegmentedFile(file)) return named({ kind: 'segmented', name: folder, file })
  const snapshot = /^snapshot\.(jpg|webp)$/.exec(file)
  if (folder && snapshot) return named({ kind: 'snapshot', name: folder, format: snapshot[1] as 'jpg' | 'webp' })
  if (folder && splitLiveTileFile(file)) return named({ kind: 'tile', name: folder, file })
  const progressive = PROGRESSIVE.exec(rest)
  if (progressive) return named({ kind: 'progressive', name: progressive[1] ?? '', format: progressive[2] ?? '' })
  const problem = streamNameProblem(rest)
  return problem ? { kind: 'invalid', problem } : { kind: 'control' }
}

function named<T extends HttpAddress & { readonly name: string }>(address: T): HttpAddress {
  const problem = streamNameProblem(address.name)
  return problem ? { kind: 'invalid', problem } : address
}
