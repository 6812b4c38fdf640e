import { ByteReader } from '../../../media/bytes/index.ts'
import { MalformedInputError } from '../../../media/errors.ts'
import { readBoxHeader } from '../../../media/formats/mp4/index.ts'

const LARGEST_HEADER_BYTES = 16

/** How many bytes of a CMAF segment that was cut off anywhere are whole chunks (each a moof with its mdat). */
export async function wholeChunksLength(
  byteLength: number,
  read: (from: number, to: number) => Promise<Uint8Array>,
): Promise<number> {
  let whole = 0
  let at = 0
  while (at + 8 <= byteLength) {
    const header = await headerAt(at, read)
    const sizeBytes = header?.sizeBytes
    if (!header || sizeBytes === undefined || at + sizeBytes > byteLength) break
    at += sizeBytes
    if (header.type === 'mdat') whole = at
  }
  return whole
}

async function headerAt(at: number, read: (from: number, to: number) => Promise<Uint8Array>) {
  try {
    return readBoxHeader(new ByteReader(await read(at, at + LARGEST_HEADER_BYTES)))
  } catch (error) {
    if (error instanceof MalformedInputError) return undefined
    throw error
  }
}
