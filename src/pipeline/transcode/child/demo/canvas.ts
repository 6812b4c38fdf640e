import type { Mask, StrokeFont } from './stroke-font.ts'

/** Y′CbCr, ITU-R BT.709, limited range. */
export type Colour = { readonly y: number; readonly u: number; readonly v: number }

/** From R′G′B′ of 0 to 255. ITU-R BT.709-6, item 3. */
export function rgb(r: number, g: number, b: number): Colour {
  const luma = 0.2126 * r + 0.7152 * g + 0.0722 * b
  return {
    y: Math.round(16 + (219 * luma) / 255),
    u: Math.round(128 + (224 * (b - luma)) / (1.8556 * 255)),
    v: Math.round(128 + (224 * (r - luma)) / (1.5748 * 255)),
  }
}

/** A picture in planar 4:2:0 in one buffer. Positions and sizes are even, so that chroma follows luma. */
export class Canvas {
  readonly widthPx: number
  readonly heightPx: number
  /** Y plane, then U, then V, without padding. */
  readonly bytes: Buffer
  readonly y: Buffer
  readonly u: Buffer
  readonly v: Buffer

  constructor(widthPx: number, heightPx: number) {
    this.widthPx = widthPx
    this.heightPx = heightPx
    const luma = widthPx * heightPx
    this.bytes = Buffer.alloc((luma * 3) / 2)
    this.y = this.bytes.subarray(0, luma)
    this.u = this.bytes.subarray(luma, (luma * 5) / 4)
    this.v = this.bytes.subarray((luma * 5) / 4)
  }

  copyFrom(other: Canvas): void {
    other.bytes.copy(this.bytes)
  }

  fill(left: number, top: number, size: { widthPx: number; heightPx: number }, colour: Colour): void {
    const right = left + size.widthPx
    for (let row = top; row < top + size.heightPx; row++) {
      this.y.fill(colour.y, row * this.widthPx + left, row * this.widthPx + right)
    }
    const half = this.widthPx / 2
    for (let row = top / 2; row < (top + size.heightPx) / 2; row++) {
      this.u.fill(colour.u, row * half + left / 2, row * half + right / 2)
      this.v.fill(colour.v, row * half + left / 2, row * half + right / 2)
    }
  }

  /** Lays the colour over the picture where the mask is opaque. */
  blend(mask: Mask, left: number, top: number, colour: Colour): void {
    const { widthPx, heightPx, alpha } = mask
    for (let row = 0; row < heightPx; row++) {
      const at = (top + row) * this.widthPx + left
      for (let column = 0; column < widthPx; column++) {
        mix(this.y, at + column, colour.y, alpha[row * widthPx + column] ?? 0)
      }
    }
    const half = this.widthPx / 2
    for (let row = 0; row < heightPx; row += 2) {
      const at = ((top + row) / 2) * half + left / 2
      for (let column = 0; column < widthPx; column += 2) {
        const opacity = alpha[row * widthPx + column] ?? 0
        mix(this.u, at + column / 2, colour.u, opacity)
        mix(this.v, at + column / 2, colour.v, opacity)
      }
    }
  }

  text(font: StrokeFont, text: string, left: number, top: number, colour: Colour): void {
    let at = left
    for (const character of text) {
      if (character !== ' ') this.blend(font.glyph(character), at, top, colour)
      at += font.advanceOf(character)
    }
  }
}

function mix(plane: Buffer, at: number, value: number, opacity: number): void {
  if (opacity === 0) return
  const below = plane[at] ?? 0
  plane[at] = below + Math.round(((value - below) * opacity) / 255)
}
