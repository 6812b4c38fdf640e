import type { VideoOrder } from '../../channel/job-messages.ts'
import type { FilterStep } from '../filter-chain.ts'

type Corner = NonNullable<VideoOrder['corner']>
type Place = { readonly x: string; readonly y: string }

const OPPOSITE = {
  'top-left': 'bottom-right',
  'top-right': 'bottom-left',
  'bottom-left': 'top-right',
  'bottom-right': 'top-left',
} as const satisfies Record<Corner, Corner>

/** An image is at most this share of the picture's width. */
const IMAGE_SHARE = 5

/** Text and image of a profile on pictures that are `widthPx` wide and in 4:2:0. */
export function overlaySteps(order: VideoOrder, widthPx: number): FilterStep[] {
  const { text, image, corner = 'top-left' } = order
  const steps: FilterStep[] = []
  if (image !== undefined) {
    const { x, y } = place(text === undefined ? corner : OPPOSITE[corner], { width: 'W', height: 'H', own: ['w', 'h'] })
    const side: FilterStep[] = [
      ['movie', `filename=${escaped(image)}`],
      ['scale', `w=min(iw\\,${Math.round(widthPx / IMAGE_SHARE)}):h=-2`],
    ]
    steps.push(['overlay', `x=${x}:y=${y}:eof_action=repeat`, side])
  }
  if (text !== undefined) {
    const { x, y } = place(corner, { width: 'w', height: 'h', own: ['tw', 'th'] })
    const look = 'fontcolor=white:fontsize=h/18:box=1:boxcolor=black@0.5:boxborderw=4'
    steps.push(['drawtext', `text=${written(text)}:x=${x}:y=${y}:${look}`])
  }
  return steps
}

type Extent = {
  readonly width: string
  readonly height: string
  readonly own: readonly [width: string, height: string]
}

/** In FFmpeg's expressions: a little away from the corner. */
function place(corner: Corner, { width, height, own: [ownWidth, ownHeight] }: Extent): Place {
  const margin = `${height}/36`
  const [vertical, horizontal] = corner.split('-')
  return {
    x: horizontal === 'left' ? margin : `${width}-${ownWidth}-${margin}`,
    y: vertical === 'top' ? margin : `${height}-${ownHeight}-${margin}`,
  }
}

/** A value in a filter's arguments. FFmpeg's documentation of libavfilter, "Notes on filtergraph escaping", first level. */
function escaped(value: string): string {
  return value.replace(/[\\':]/g, '\\$&')
}
/** drawtext expands `%{…}` and takes a backslash as an escape of its own. */
function written(text: string): string {
  const parts = text.split('{time}').map((part) => part.replace(/[\\%]/g, '\\$&'))
  return escaped(parts.join('%{gmtime}'))
}
