import type { Mask, StrokeFont } from './stroke-font.ts'

/** Y′CbCr, ITU-R BT.709, limited range. */
export type Colour = { readonly y: number; readonly u: number; readonly v: number }
export type Size = { readonly widthPx: number; readonly heightPx: number }

/** From R′G′B′ of 0 to 255. ITU-R BT.709-6, item 3. */
export function rgb(r: number, g: number, b: number): Colour {
  const luma = 0.2126 * r + 0.7152 * g + 0.0722 * b
  return {
    y: Math.round(16 + (219 * luma) / 255),
    u: Math.round(128 + (224 * (b - luma)) / (1.8556 * 255)),
    v: Math.round(128 + (224 * (r - luma)) / (1.5748 * 255)),
  }
}

/** One plane of a picture, row by row without padding. */
type Plane = { readonly bytes: Buffer; readonly widthPx: number; readonly scale: 1 | 2 }

/** A picture in planar 4:2:0 in one buffer. Positions and sizes are even, so that chroma follows luma. */
export class Canvas {
  readonly widthPx: number
  readonly heightPx: number
  /** Y plane, then U, then V, without padding. */
  readonly bytes: Buffer
  readonly y: Plane
  readonly u: Plane
  readonly v: Plane

  constructor(widthPx: number, heightPx: number) {
    this.widthPx = widthPx
    this.heightPx = heightPx
    const luma = widthPx * heightPx
    this.bytes = Buffer.alloc((luma * 3) / 2)
    this.y = { bytes: this.bytes.subarray(0, luma), widthPx, scale: 1 }
    this.u = { bytes: this.bytes.subarray(luma, (luma * 5) / 4), widthPx: widthPx / 2, scale: 2 }
    this.v = { bytes: this.bytes.subarray((luma * 5) / 4), widthPx: widthPx / 2, scale: 2 }
  }

  copyFrom(other: Canvas): void {
    other.bytes.copy(this.bytes)
  }
  /** Lays another picture over this one. */
  paste(other: Canvas, left: number, top: number): void {
    copyRows(other.y, this.y, (row) => rowStart(this.y, left, top, row))
    copyRows(other.u, this.u, (row) => rowStart(this.u, left, top, row))
    copyRows(other.v, this.v, (row) => rowStart(this.v, left, top, row))
  }
  /** A copy of a part. */
  part(left: number, top: number, size: Size): Canvas {
    const part = new Canvas(size.widthPx, size.heightPx)
    for (const [from, to] of [
      [this.y, part.y],
      [this.u, part.u],
      [this.v, part.v],
    ] as const) {
      for (let row = 0; row < size.heightPx / to.scale; row++) {
        const start = rowStart(from, left, top, row)
        from.bytes.copy(to.bytes, row * to.widthPx, start, start + to.widthPx)
      }
    }
    return part
  }

  fill(left: number, top: number, size: Size, colour: Colour): void {
    fillPlane(this.y, left, top, size, colour.y)
    fillPlane(this.u, left, top, size, colour.u)
    fillPlane(this.v, left, top, size, colour.v)
  }
  /** Lays the colour over the picture where the mask is opaque. */
  blend(mask: Mask, left: number, top: number, colour: Colour): void {
    blendPlane(this.y, left, top, mask, colour.y)
    blendPlane(this.u, left, top, mask, colour.u)
    blendPlane(this.v, left, top, mask, colour.v)
  }
  text(font: StrokeFont, text: string, left: number, top: number, colour: Colour): void {
    let at = left
    for (const character of text) {
      if (character !== ' ') this.blend(font.glyph(character), at, top, colour)
      at += font.advanceOf(character)
    }
  }
}

/** Index of the byte at `left`, `row` rows of this plane below `top`. */
function rowStart(plane: Plane, left: number, top: number, row: number): number {
  return (top / plane.scale + row) * plane.widthPx + left / plane.scale
}

function copyRows(from: Plane, to: Plane, startOf: (row: number) => number): void {
  const rows = from.bytes.length / from.widthPx
  for (let row = 0; row < rows; row++) {
    from.bytes.copy(to.bytes, startOf(row), row * from.widthPx, (row + 1) * from.widthPx)
  }
}

function fillPlane(plane: Plane, left: number, top: number, size: Size, value: number): void {
  for (let row = 0; row < size.heightPx / plane.scale; row++) {
    const start = rowStart(plane, left, top, row)
    plane.bytes.fill(value, start, start + size.widthPx / plane.scale)
  }
}

function blendPlane(plane: Plane, left: number, top: number, mask: Mask, value: number): void {
  const { scale, bytes } = plane
  for (let row = 0; row < mask.heightPx / scale; row++) {
    const start = rowStart(plane, left, top, row)
    const maskStart = row * scale * mask.widthPx
    for (let column = 0; column < mask.widthPx / scale; column++) {
      const opacity = mask.alpha[maskStart + column * scale] ?? 0
      if (opacity === 0) continue
      const below = bytes[start + column] ?? 0
      bytes[start + column] = below + Math.round(((value - below) * opacity) / 255)
    }
  }
}
