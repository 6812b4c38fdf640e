import { Canvas, rgb } from './canvas.ts'
import { MillWheel, WHEEL_STEPS } from './mill-wheel.ts'
import { StrokeFont } from './stroke-font.ts'
import { Water } from './water.ts'

export const PICTURE_WIDTH_PX = 1280
export const PICTURE_HEIGHT_PX = 720

const BAR_HEIGHT_PX = 24
const WATER_TOP_PX = 548
const WHEEL_SIZE_PX = 236
const WHEEL_DIP_PX = 30
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

/** The demo's picture: the wall clock over a mill race, drawn without fonts or files. */
export class TestPicture {
  readonly #canvas = new Canvas(PICTURE_WIDTH_PX, PICTURE_HEIGHT_PX)
  /** What stays: sky, bars, title. */
  readonly #background = new Canvas(PICTURE_WIDTH_PX, PICTURE_HEIGHT_PX)
  /** The background with what stays for a second: clock and date. */
  readonly #second = new Canvas(PICTURE_WIDTH_PX, PICTURE_HEIGHT_PX)
  #shownSecond = Number.NaN
  readonly #clockFont = new StrokeFont(132, 17)
  readonly #textFont = new StrokeFont(30, 5)
  readonly #smallFont = new StrokeFont(20, 3.4)
  readonly #wheel = new MillWheel(WHEEL_SIZE_PX)
  readonly #wheelPictures: (Canvas | undefined)[] = new Array(WHEEL_STEPS).fill(undefined)
  readonly #water = new Water(PICTURE_WIDTH_PX, WATER_TOP_PX)

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
    this.#drawWheel(index % WHEEL_STEPS)
    this.#water.draw(canvas, (epochMs / 1000) % 3600)
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

  /** The sky behind the wheel does not change, so each of its pictures is made once. */
  #drawWheel(step: number): void {
    const left = PICTURE_WIDTH_PX - MARGIN_PX - WHEEL_SIZE_PX
    const top = WATER_TOP_PX + WHEEL_DIP_PX - WHEEL_SIZE_PX
    let picture = this.#wheelPictures[step]
    if (!picture) {
      picture = this.#background.part(left, top, { widthPx: WHEEL_SIZE_PX, heightPx: WHEEL_SIZE_PX })
      picture.blend(this.#wheel.mask(step), 0, 0, AMBER)
      this.#wheelPictures[step] = picture
    }
    this.#canvas.paste(picture, left, top)
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
