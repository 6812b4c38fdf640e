import type { ListText } from '../../../platform/content/index.ts'
import type { GrowingSegment } from './growing-segment.ts'
import type { HeldBytes } from './segmented-view.ts'

export type SegmentedAnswer =
  | { readonly kind: 'list'; readonly list: ListText; readonly maxAgeSeconds: number }
  | { readonly kind: 'clock' }
  | { readonly kind: 'ts'; readonly bytes: Uint8Array }
  | { readonly kind: 'init'; readonly bytes: Uint8Array }
  /** A segment that is not in the log. */
  | { readonly kind: 'made'; readonly bytes: Uint8Array }
  | { readonly kind: 'media'; readonly held: HeldBytes }
  /** A segment that may be another the next time. */
  | { readonly kind: 'passing'; readonly bytes: Uint8Array }
  /** A file of a recording. */
  | { readonly kind: 'recorded'; readonly id: string; readonly file: string }
  | { readonly kind: 'growing'; readonly segment: GrowingSegment }
  /** To another file in the same folder. */
  | { readonly kind: 'moved'; readonly file: string }

export type SegmentedRequest = {
  readonly query: URLSearchParams
  readonly signal: AbortSignal
  /** Who asks, as the audience knows it. */
  readonly viewer: () => string
}

/** An answer that is there at once. */
export type ReadyAnswer = Extract<SegmentedAnswer, { kind: 'list' | 'init' | 'media' }>
