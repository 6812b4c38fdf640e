/** Repeatable pseudo-random numbers below 2^32 (xorshift). */
export function randomSource(seed: number): () => number {
  let state = seed | 1
  return () => {
    state ^= state << 13
    state ^= state >>> 17
    state ^= state << 5
    return state >>> 0
  }
}

/** Flips, overwrites, cuts and repeats a few places of the input. */
export function mutate(bytes: Uint8Array, random: () => number): Uint8Array {
  let out = bytes.slice()
  for (let i = random() % 6; i >= 0; i--) {
    const at = random() % Math.max(1, out.length)
    const kind = random() % 5
    if (kind === 0) out[at] = random()
    else if (kind === 1) out[at] = (out[at] ?? 0) ^ (1 << (random() % 8))
    else if (kind === 2) out[at] = random() % 2 === 0 ? 0 : 255
    else if (kind === 3) out = out.slice(0, at)
    else out = Uint8Array.from([...out.subarray(0, at), ...out.subarray(at >> 1)])
  }
  return out
}
