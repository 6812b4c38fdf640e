import { removeEmulationPrevention } from './nal-units.ts'

export type SeiMessage = { readonly type: number; readonly payload: Uint8Array }

/**
 * The messages of an SEI NAL unit with its header; a payload that is cut off is as long as there are bytes.
 * ITU-T H.264, 7.3.2.3.1; ITU-T H.265, 7.3.5.
 */
export function readSeiMessages(unit: Uint8Array, headerBytes: number): SeiMessage[] {
  const messages: SeiMessage[] = []
  const sei = removeEmulationPrevention(unit)
  for (let at = headerBytes; at + 2 < sei.length; ) {
    let type = 0
    for (; sei[at] === 255; at++) type += 255
    type += sei[at++] ?? 0
    let size = 0
    for (; sei[at] === 255; at++) size += 255
    size += sei[at++] ?? 0
    messages.push({ type, payload: sei.subarray(at, at + size) })
    at += size
  }
  return messages
}
