declare const ticksBrand: unique symbol
/** An integer count of some track's clock. Safe as a double: 2^53 ticks of 90 kHz are 3,000 years. */
export type Ticks = number & { readonly [ticksBrand]: true }

/** Names a plain integer as ticks. */
export function ticks(value: number): Ticks {
  return value as Ticks
}

/**
 * Moves a time from one clock to another, rounded to the nearest tick, halves away from zero.
 * The product stays exact while `value × toHz` < 2^53 (38 days of 90 kHz against 48 kHz); past that the whole
 * seconds are moved apart from the remainder, so that no precision is lost.
 */
export function rescaleTicks(value: number, fromHz: number, toHz: number): Ticks {
  if (fromHz === toHz) return value as Ticks
  const wholeSeconds = Math.trunc(value / fromHz)
  const remainder = value - wholeSeconds * fromHz
  const scaled = (remainder * toHz) / fromHz
  return (wholeSeconds * toHz + Math.sign(scaled) * Math.round(Math.abs(scaled))) as Ticks
}
