export type Av = typeof import('node-av/lib') & typeof import('node-av/constants')

/** Loads the codecs. Only a codec process may call this: ending a worker thread that has them aborts everything. */
export async function loadAv(library: string): Promise<Av> {
  const [lib, constants] = await Promise.all([import(`${library}/lib`), import(`${library}/constants`)])
  return { ...lib, ...constants } as Av
}

/** A native call's return value: negative is an error. Throws with FFmpeg's own words. */
export function checked(av: Av, result: number, what: string): number {
  if (result < 0) throw new Error(`${what}: ${av.FFmpegError.strerror(result)}`)
  return result
}
