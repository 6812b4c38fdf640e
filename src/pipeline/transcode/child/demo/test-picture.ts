import { Canvas, type Colour, rgb } from './canvas.ts'
import { MillWheel } from './mill-wheel.ts'
import { StrokeFont } from './stroke-font.ts'

export const PICTURE_WIDTH_PX = 1280
export const PICTURE_HEIGHT_PX = 720

const BAR_HEIGHT_PX = 24
const WATER_TOP_PX = 548
/** Rows over which the highest crest may rise. */
const SWELL_PX = 30
const WHEEL_SIZE_PX = 236
const CLOCK_TOP_PX = 232
const DATE_TOP_PX = 418
const TITLE_TOP_PX = 64
const MARGIN_PX = 64
const SECOND_BAR = { left: MARGIN_PX, top: 500, widthPx: 780, heightPx: 8 }

const SKY_TOP = rgb(10, 16, 34)
const SKY_BOTTOM = rgb(28, 58, 92)
const WHITE = rgb(244, 248, 255)
const MUTED = rgb(146, 176, 206)
const AMBER = rgb(255, 184, 76)
const TRACK_COLOUR = rgb(34, 52, 82)
const BARS = [
  rgb(191, 191, 191),
  rgb(191, 191, 0),
  rgb(0, 191, 191),
  rgb(0, 191, 0),
  rgb(191, 0, 191),
  rgb(191, 0, 0),
  rgb(0, 0, 191),
  rgb(16, 16, 16),
]
/** From the far water to the near. */
const WATER = [rgb(24, 92, 126), rgb(16, 74, 112), rgb(9, 52, 88)] as const
const WAVES = [
  { rise: 7, length: 330, speed: 2.1, below: 0 },
  { rise: 9, length: 250, speed: 3.2, below: 30 },
  { rise: 11, length: 410, speed: 4.6, below: 72 },
] as const

/** The demo's picture: the wall clock over a mill race, drawn without fonts or files. */
export class TestPicture {
  readonly #canvas = new Canvas(PICTURE_WIDTH_PX, PICTURE_HEIGHT_PX)
  /** What stays: sky, bars, title. */
  readonly #background = new Canvas(PICTURE_WIDTH_PX, PICTURE_HEIGHT_PX)
  /** The background with what stays for a second: clock and date. */
  readonly #second = new Canvas(PICTURE_WIDTH_PX, PICTURE_HEIGHT_PX)
  #shownSecond = Number.NaN
  readonly #clockFont = new StrokeFont(138, 17)
  readonly #textFont = new StrokeFont(30, 5)
  readonly #smallFont = new StrokeFont(20, 3.4)
  readonly #wheel = new MillWheel(WHEEL_SIZE_PX)
  readonly #crests = WAVES.map(() => new Float64Array(PICTURE_WIDTH_PX))

  constructor() {
    drawSky(this.#background)
    drawBars(this.#background)
    this.#background.text(new StrokeFont(40, 8), 'MILLRACE', MARGIN_PX, TITLE_TOP_PX, AMBER)
    this.#background.text(this.#smallFont, 'LIVE TEST PICTURE', MARGIN_PX, TITLE_TOP_PX + 66, MUTED)
    const { left, top, ...size } = SECOND_BAR
    this.#background.fill(left, top, size, TRACK_COLOUR)
  }

  /** Planar 4:2:0; valid until the next call. `epochMs`: what the clock shows, in the machine's time zone. */
  draw(index: number, epochMs: number): Buffer {
    const canvas = this.#canvas
    this.#showSecond(Math.floor(epochMs / 1000))
    canvas.copyFrom(this.#second)
    const frame = `FRAME ${String(index).padStart(8, '0')}`
    const frameLeft = PICTURE_WIDTH_PX - MARGIN_PX - this.#smallFont.widthOf(frame)
    canvas.text(this.#smallFont, frame, even(frameLeft), TITLE_TOP_PX, MUTED)
    this.#drawSecondBar(epochMs - this.#shownSecond * 1000)
    const wheelLeft = PICTURE_WIDTH_PX - MARGIN_PX - WHEEL_SIZE_PX
    canvas.blend(this.#wheel.mask(index), wheelLeft, WATER_TOP_PX + 30 - WHEEL_SIZE_PX, AMBER)
    this.#drawWater(index / 30)
    return canvas.bytes
  }

  #showSecond(epochSeconds: number): void {
    if (epochSeconds === this.#shownSecond) return
    this.#shownSecond = epochSeconds
    const time = new Date(epochSeconds * 1000)
    this.#second.copyFrom(this.#background)
    this.#second.text(this.#clockFont, clockText(time), MARGIN_PX - 6, CLOCK_TOP_PX, WHITE)
    this.#second.text(this.#textFont, dateText(time), MARGIN_PX, DATE_TOP_PX, MUTED)
  }

  /** Fills once a second, so that delay can be read off. */
  #drawSecondBar(ms: number): void {
    const { left, top, widthPx, heightPx } = SECOND_BAR
    this.#canvas.fill(left, top, { widthPx: even((widthPx * ms) / 1000), heightPx }, AMBER)
  }

  #drawWater(seconds: number): void {
    for (const [layer, wave] of WAVES.entries()) {
      const crest = this.#crests[layer] ?? new Float64Array(PICTURE_WIDTH_PX)
      for (let x = 0; x < PICTURE_WIDTH_PX; x++) {
        const swing = Math.sin((x / wave.length) * 6.283 + seconds * wave.speed)
        const ripple = 0.35 * Math.sin((x / wave.length) * 17 - seconds * wave.speed * 1.3)
        crest[x] = WATER_TOP_PX + SWELL_PX / 2 + wave.below - wave.rise * (swing + ripple)
      }
    }
    this.#fillWater(this.#canvas.y, 1, (colour) => colour.y)
    this.#fillWater(this.#canvas.u, 2, (colour) => colour.u)
    this.#fillWater(this.#canvas.v, 2, (colour) => colour.v)
  }

  /** One plane, every `step`th pixel of the picture. */
  #fillWater(plane: Buffer, step: number, value: (colour: Colour) => number): void {
    const [far, middle, near] = this.#crests
    if (!far || !middle || !near) return
    const [farValue, middleValue, nearValue] = [value(WATER[0]), value(WATER[1]), value(WATER[2])]
    for (let y = WATER_TOP_PX; y < PICTURE_HEIGHT_PX; y += step) {
      const row = (y / step) * (PICTURE_WIDTH_PX / step)
      for (let x = 0; x < PICTURE_WIDTH_PX; x += step) {
        if (y < (far[x] ?? 0)) continue
        plane[row + x / step] = y < (middle[x] ?? 0) ? farValue : y < (near[x] ?? 0) ? middleValue : nearValue
      }
    }
  }
}

function drawSky(canvas: Canvas): void {
  for (let y = 0; y < PICTURE_HEIGHT_PX; y += 2) {
    const t = y / PICTURE_HEIGHT_PX
    const between = (a: number, b: number) => Math.round(a + (b - a) * t)
    const colour = {
      y: between(SKY_TOP.y, SKY_BOTTOM.y),
      u: between(SKY_TOP.u, SKY_BOTTOM.u),
      v: between(SKY_TOP.v, SKY_BOTTOM.v),
    }
    canvas.fill(0, y, { widthPx: PICTURE_WIDTH_PX, heightPx: 2 }, colour)
  }
}

/** 75 % colour bars. */
function drawBars(canvas: Canvas): void {
  const widthPx = PICTURE_WIDTH_PX / BARS.length
  for (const [index, colour] of BARS.entries()) {
    canvas.fill(index * widthPx, 0, { widthPx, heightPx: BAR_HEIGHT_PX }, colour)
  }
}

function clockText(time: Date): string {
  return [time.getHours(), time.getMinutes(), time.getSeconds()].map(twoDigits).join(':')
}
function dateText(time: Date): string {
  return `${time.getFullYear()}-${twoDigits(time.getMonth() + 1)}-${twoDigits(time.getDate())}`
}
function twoDigits(value: number): string {
  return String(value).padStart(2, '0')
}
function even(value: number): number {
  return 2 * Math.floor(value / 2)
}
