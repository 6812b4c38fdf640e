import type { Mask } from './stroke-font.ts'

const PADDLES = 10
const TURN = 2 * Math.PI
/** Steps until the wheel looks the same again. */
export const WHEEL_STEPS = 36

/** A turning water wheel: rim, hub, spokes with paddles. */
export class MillWheel {
  readonly sizePx: number

  /** `sizePx`: even. */
  constructor(sizePx: number) {
    this.sizePx = sizePx
  }

  /** `step`: 0 to WHEEL_STEPS - 1. */
  mask(step: number): Mask {
    return this.#draw((step / WHEEL_STEPS) * (TURN / PADDLES))
  }

  #draw(turn: number): Mask {
    const size = this.sizePx
    const alpha = new Uint8Array(size * size)
    for (let y = 0; y < size; y++) {
      for (let x = 0; x < size; x++) {
        alpha[y * size + x] = 255 * Math.min(1, Math.max(0, this.#inside(x + 0.5 - size / 2, y + 0.5 - size / 2, turn)))
      }
    }
    return { widthPx: size, heightPx: size, alpha }
  }

  /** Above 0 where the point is inside; distances in pixels. */
  #inside(x: number, y: number, turn: number): number {
    const outer = this.sizePx / 2 - 1
    const radius = Math.sqrt(x * x + y * y)
    const rim = outer * 0.035 + 0.5 - Math.abs(radius - outer * 0.8)
    const hub = outer * 0.13 + 0.5 - radius
    const sector = TURN / PADDLES
    const angle = Math.atan2(y, x) - turn
    const offset = angle - Math.round(angle / sector) * sector
    const across = Math.abs(radius * Math.sin(offset))
    const along = radius * Math.cos(offset)
    const spoke = Math.min(outer * 0.028 + 0.5 - across, outer * 0.8 - along, along)
    const paddle = Math.min(outer * 0.09 + 0.5 - across, outer - along, along - outer * 0.72)
    return Math.max(rim, hub, spoke, paddle)
  }
}
