/** A small generator with a seed, so that a failure can be repeated. Returns integers below `limit`. */
export function randomSource(seed: number): (limit: number) => number {
  let state = seed >>> 0 || 1
  return (limit) => {
    state ^= state << 13
    state ^= state >>> 17
    state ^= state << 5
    return (state >>> 0) % limit
  }
}

/** A copy with some bytes changed, cut out or put in twice. */
export function mutated(bytes: Uint8Array, random: (limit: number) => number): Uint8Array {
  let copy = bytes.slice()
  for (let changes = 1 + random(6); changes > 0 && copy.length > 0; changes--) {
    const at = random(copy.length)
    const kind = random(6)
    if (kind === 0) copy = copy.slice(0, at)
    else if (kind === 1) copy = Uint8Array.from([...copy.subarray(0, at), ...copy.subarray(at + 1 + random(4))])
    else if (kind === 2) copy = Uint8Array.from([...copy.subarray(0, at), ...copy.subarray(Math.max(0, at - 8))])
    else copy[at] = kind === 3 ? 0xff : kind === 4 ? 0 : random(256)
  }
  return copy
}
