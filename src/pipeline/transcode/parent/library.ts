import { createRequire } from 'node:module'

/** The package that holds the codecs. Loaded in codec processes only. */
export const CODEC_LIBRARY = 'node-av'

/** Why the package cannot be used here, or undefined. Looks for its files; loads no native code. */
export function missingLibrary(library: string): string | undefined {
  try {
    createRequire(import.meta.url).resolve(`${library}/lib`)
    return undefined
  } catch {
    return `the package ${library} is not installed`
  }
}

/** Why nothing can be decoded or encoded on this machine; undefined where that is not known beforehand. */
export function missingCodecs(): string | undefined {
  return missingLibrary(CODEC_LIBRARY)
}
