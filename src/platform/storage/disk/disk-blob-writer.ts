import { close, fsync, ftruncate, type NoParamCallback, open, rename, writev } from 'node:fs'
import { mkdir, rm } from 'node:fs/promises'
import { dirname } from 'node:path'
import type { BlobWriter } from '../blob-store.ts'
import { unavailable } from './disk-errors.ts'

/** Of the name of a blob that is not whole. */
export const PARTIAL = '.part'

type Done<T> = (error: NodeJS.ErrnoException | null, value: T) => void

/** `FileHandle` does the same with four promises a call; recordings make thousands of calls a second. */
function called<T>(start: (done: Done<T>) => void): Promise<T> {
  return new Promise((resolve, reject) => start((error, value) => (error ? reject(error) : resolve(value))))
}

/** A file that is written beside its place and moved there when it is on the disk. */
export class DiskBlobWriter implements BlobWriter {
  readonly #path: string
  readonly #fd: number
  #isClosed = false

  private constructor(path: string, fd: number) {
    this.#path = path
    this.#fd = fd
  }
  /** Rejects with UnavailableError. */
  static async create(path: string): Promise<DiskBlobWriter> {
    try {
      return new DiskBlobWriter(path, await openNew(path + PARTIAL))
    } catch (error) {
      throw unavailable(error)
    }
  }
  /** Takes over what a writer that died has left, cut to `byteLength`. Rejects with the system's error. */
  static async adopt(path: string, byteLength: number): Promise<DiskBlobWriter> {
    const writer = new DiskBlobWriter(path, await called<number>((done) => open(path + PARTIAL, 'r+', done)))
    try {
      await called<void>((done) => ftruncate(writer.#fd, byteLength, done as NoParamCallback))
    } catch (error) {
      await writer.#close().catch(() => {})
      throw error
    }
    return writer
  }

  async append(parts: readonly Uint8Array[]): Promise<void> {
    try {
      for (let left = parts; left.length > 0; ) {
        // A disk that is nearly full takes a part; writing the rest then says why.
        const written = await called<number>((done) => writev(this.#fd, left as Uint8Array[], done))
        left = behind(left, written)
      }
    } catch (error) {
      throw unavailable(error)
    }
  }
  async commit(): Promise<void> {
    try {
      await called<void>((done) => fsync(this.#fd, done as NoParamCallback))
      await this.#close()
      await called<void>((done) => rename(this.#path + PARTIAL, this.#path, done as NoParamCallback))
      await syncFolder(dirname(this.#path))
    } catch (error) {
      await this.#close().catch(() => {})
      throw unavailable(error)
    }
  }
  async abort(): Promise<void> {
    await this.#close().catch(() => {})
    await rm(this.#path + PARTIAL, { force: true }).catch(() => {})
  }

  /** Idempotent. */
  async #close(): Promise<void> {
    if (this.#isClosed) return
    this.#isClosed = true
    await called<void>((done) => close(this.#fd, done as NoParamCallback))
  }
}

/** `parts` without their first `count` bytes; nothing empty stays. */
function behind(parts: readonly Uint8Array[], count: number): readonly Uint8Array[] {
  let skip = count
  return parts.flatMap((part) => {
    const taken = Math.min(skip, part.length)
    skip -= taken
    return taken < part.length ? [part.subarray(taken)] : []
  })
}

/** Most are written into folders that are there. */
async function openNew(path: string): Promise<number> {
  try {
    return await called<number>((done) => open(path, 'w', done))
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code !== 'ENOENT') throw error
    await mkdir(dirname(path), { recursive: true })
    return await called<number>((done) => open(path, 'w', done))
  }
}

/** The rename itself must survive a power cut. Windows cannot open folders. */
async function syncFolder(path: string): Promise<void> {
  if (process.platform === 'win32') return
  const folder = await called<number>((done) => open(path, 'r', done))
  try {
    await called<void>((done) => fsync(folder, done as NoParamCallback))
  } finally {
    await called<void>((done) => close(folder, done as NoParamCallback))
  }
}
