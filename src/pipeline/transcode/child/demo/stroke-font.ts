/**
 * Letters as strokes on a grid 4 wide and 6 high (x to the right, y down): lines of points, `xy-xy-xy`, a space
 * between lines. A fresh machine has no fonts, and none is shipped.
 */
const STROKES: Readonly<Record<string, string>> = {
  '0': '10-30-41-45-36-16-05-01-10',
  '1': '11-20-26 16-36',
  '2': '01-10-30-41-42-06-46',
  '3': '01-10-30-41-42-33-44-45-36-16-05 13-33',
  '4': '36-30-04-44',
  '5': '40-00-02-32-43-45-36-16-05',
  '6': '41-30-10-01-05-16-36-45-44-33-03',
  '7': '00-40-16',
  '8': '10-30-41-42-33-13-02-01-10 13-04-05-16-36-45-44-33',
  '9': '43-13-02-01-10-30-41-45-36-16-05',
  ':': '12-12 14-14',
  '-': '13-33',
  A: '06-02-20-42-46 04-44',
  B: '00-06-36-45-44-33-03 33-42-41-30-00',
  C: '41-30-10-01-05-16-36-45',
  D: '00-06-26-44-42-20-00',
  E: '40-00-06-46 03-33',
  F: '40-00-06 03-33',
  G: '41-30-10-01-05-16-36-45-43-23',
  H: '00-06 40-46 03-43',
  I: '10-30 20-26 16-36',
  J: '40-45-36-16-05',
  K: '00-06 40-03-46',
  L: '00-06-46',
  M: '06-00-23-40-46',
  N: '06-00-46-40',
  O: '10-30-41-45-36-16-05-01-10',
  P: '06-00-30-41-42-33-03',
  Q: '10-30-41-45-36-16-05-01-10 24-46',
  R: '06-00-30-41-42-33-03 23-46',
  S: '41-30-10-01-02-13-33-44-45-36-16-05',
  T: '00-40 20-26',
  U: '00-05-16-36-45-40',
  V: '00-26-40',
  W: '00-16-23-36-40',
  X: '00-46 40-06',
  Y: '00-23-40 23-26',
  Z: '00-40-06-46',
}
const GRID_WIDTH = 4
const NARROW = ':'
const GRID_HEIGHT = 6

/** How opaque each pixel is, 0 to 255, row by row. */
export type Mask = { readonly widthPx: number; readonly heightPx: number; readonly alpha: Uint8Array }

type Point = { readonly x: number; readonly y: number }
type Segment = { readonly from: Point; readonly to: Point }

/** Letters of one size with round, smooth strokes. Characters that the font lacks are empty. */
export class StrokeFont {
  readonly heightPx: number
  readonly #unitPx: number
  readonly #strokePx: number
  readonly #glyphs = new Map<string, Mask>()

  /** `capHeightPx`: of a capital letter, without the width of the stroke. */
  constructor(capHeightPx: number, strokePx: number) {
    this.#unitPx = capHeightPx / GRID_HEIGHT
    this.#strokePx = strokePx
    this.heightPx = evenUp(capHeightPx + strokePx + 2)
  }

  /** From the start of this letter to the start of the next. */
  advanceOf(character: string): number {
    const units = NARROW.includes(character) ? GRID_WIDTH / 2 : GRID_WIDTH
    return evenUp(units * this.#unitPx + 2.2 * this.#strokePx)
  }
  widthOf(text: string): number {
    return [...text].reduce((sum, character) => sum + this.advanceOf(character), 0)
  }
  glyph(character: string): Mask {
    let mask = this.#glyphs.get(character)
    if (!mask) {
      mask = this.#draw(STROKES[character] ?? '')
      this.#glyphs.set(character, mask)
    }
    return mask
  }

  #draw(strokes: string): Mask {
    const segments = parseStrokes(strokes, this.#unitPx, this.#strokePx / 2 + 1)
    const widthPx = evenUp(GRID_WIDTH * this.#unitPx + this.#strokePx + 2)
    return drawSegments(segments, { widthPx, heightPx: this.heightPx, strokePx: this.#strokePx })
  }
}

/** Line segments with round ends, smooth at their edges. */
function drawSegments(
  segments: readonly Segment[],
  { widthPx, heightPx, strokePx }: { widthPx: number; heightPx: number; strokePx: number },
): Mask {
  const alpha = new Uint8Array(widthPx * heightPx)
  const reach = strokePx / 2 + 1
  for (const segment of segments) {
    const { from, to } = segment
    const right = Math.min(widthPx, Math.ceil(Math.max(from.x, to.x) + reach))
    const bottom = Math.min(heightPx, Math.ceil(Math.max(from.y, to.y) + reach))
    for (let y = Math.max(0, Math.floor(Math.min(from.y, to.y) - reach)); y < bottom; y++) {
      for (let x = Math.max(0, Math.floor(Math.min(from.x, to.x) - reach)); x < right; x++) {
        const inside = strokePx / 2 + 0.5 - distance(x + 0.5, y + 0.5, segment)
        const opacity = 255 * Math.min(1, Math.max(0, inside))
        if (opacity > (alpha[y * widthPx + x] ?? 0)) alpha[y * widthPx + x] = opacity
      }
    }
  }
  return { widthPx, heightPx, alpha }
}

function parseStrokes(strokes: string, unitPx: number, marginPx: number): Segment[] {
  const point = (text: string): Point => ({
    x: Number(text[0]) * unitPx + marginPx,
    y: Number(text[1]) * unitPx + marginPx,
  })
  const segments: Segment[] = []
  for (const line of strokes.split(' ').filter((part) => part !== '')) {
    const points = line.split('-').map(point)
    for (const [index, to] of points.entries()) {
      const from = points[index - 1]
      if (from) segments.push({ from, to })
    }
  }
  return segments
}

function distance(x: number, y: number, { from, to }: Segment): number {
  const dx = to.x - from.x
  const dy = to.y - from.y
  const lengthSquared = dx * dx + dy * dy
  const along = lengthSquared === 0 ? 0 : ((x - from.x) * dx + (y - from.y) * dy) / lengthSquared
  const t = Math.min(1, Math.max(0, along))
  const offX = x - from.x - t * dx
  const offY = y - from.y - t * dy
  return Math.sqrt(offX * offX + offY * offY)
}

function evenUp(value: number): number {
  return 2 * Math.ceil(value / 2)
}
