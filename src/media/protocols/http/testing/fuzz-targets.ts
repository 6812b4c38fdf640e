import { parseRequestHead } from '../request-head.ts'
import { HEAD_CASES } from './head-cases.ts'

export type FuzzTarget = { name: string; seeds: Uint8Array[]; run(bytes: Uint8Array): void }

/** Whatever is not understood is left to others: nothing is thrown at all. */
export const FUZZ_TARGETS: FuzzTarget[] = [
  {
    name: 'http/request-head',
    seeds: HEAD_CASES.map(({ text }) => Uint8Array.from(text, (letter) => letter.charCodeAt(0))),
    run(bytes) {
      const text = Array.from(bytes, (byte) => String.fromCharCode(byte)).join('')
      for (let from = 0; ; ) {
        const head = parseRequestHead(text, from)
        if (!head) break
        from = head.end
      }
    },
  },
]
