import { type Canvas, type Colour, rgb } from './canvas.ts'

/** From the far water to the near; so far apart that no row holds two crests. */
const LAYERS = [
  { colour: rgb(24, 92, 126), below: 0, rise: 7, length: 330, speed: 2.1 },
  { colour: rgb(16, 74, 112), below: 30, rise: 9, length: 250, speed: 3.2 },
  { colour: rgb(9, 52, 88), below: 72, rise: 11, length: 410, speed: 4.6 },
] as const
const SWELL_PX = 16

/** Three layers of waves across the lower end of a picture. */
export class Water {
  readonly #topPx: number
  /** First row of each layer, for every second column. */
  readonly #crests: readonly Int16Array[]

  constructor(widthPx: number, topPx: number) {
    this.#topPx = topPx
    this.#crests = LAYERS.map(() => new Int16Array(widthPx / 2))
  }

  draw(canvas: Canvas, seconds: number): void {
    for (const [layer, crest] of this.#crests.entries()) this.#swell(crest, layer, seconds)
    const highest = this.#crests.map((crest) => crest.reduce((a, b) => Math.min(a, b)))
    const lowest = this.#crests.map((crest) => crest.reduce((a, b) => Math.max(a, b)))
    for (let row = this.#topPx; row < canvas.heightPx; row++) {
      const surely = lowest.findLastIndex((crest) => row >= crest)
      const perhaps = highest.findLastIndex((crest) => row >= crest)
      const crest = this.#crests[perhaps]
      fillRow(canvas, row, LAYERS[surely]?.colour)
      if (crest && perhaps !== surely) fillBelow(canvas, row, crest, LAYERS[perhaps]?.colour)
    }
  }

  #swell(crest: Int16Array, layer: number, seconds: number): void {
    const wave = LAYERS[layer]
    if (!wave) return
    const level = this.#topPx + SWELL_PX + wave.below
    for (let i = 0; i < crest.length; i++) {
      const turn = (4 * Math.PI * i) / wave.length
      const swing = Math.sin(turn + seconds * wave.speed)
      const ripple = 0.35 * Math.sin(2.7 * turn - seconds * wave.speed * 1.3)
      crest[i] = level - wave.rise * (swing + ripple)
    }
  }
}

function fillRow(canvas: Canvas, row: number, colour: Colour | undefined): void {
  if (!colour) return
  canvas.y.bytes.fill(colour.y, row * canvas.widthPx, (row + 1) * canvas.widthPx)
  if (row % 2 === 1) return
  const half = canvas.widthPx / 2
  canvas.u.bytes.fill(colour.u, (row / 2) * half, (row / 2 + 1) * half)
  canvas.v.bytes.fill(colour.v, (row / 2) * half, (row / 2 + 1) * half)
}

/** The part of a row that lies below a crest. */
function fillBelow(canvas: Canvas, row: number, crest: Int16Array, colour: Colour | undefined): void {
  if (!colour) return
  const luma = canvas.y.bytes.subarray(row * canvas.widthPx, (row + 1) * canvas.widthPx)
  const half = canvas.widthPx / 2
  const chromaStart = (row / 2) * half
  for (let i = 0; i < half; i++) {
    if (row < (crest[i] ?? 0)) continue
    luma[2 * i] = colour.y
    luma[2 * i + 1] = colour.y
    if (row % 2 === 1) continue
    canvas.u.bytes[chromaStart + i] = colour.u
    canvas.v.bytes[chromaStart + i] = colour.v
  }
}
