export { BitReader } from './bit-reader.ts'
export { ByteReader } from './byte-reader.ts'
export { ByteWriter } from './byte-writer.ts'
export { decodeUtf8, encodeUtf8 } from './utf8.ts'
