import { type FileHandle, open, readdir, rm, stat } from 'node:fs/promises'
import { join, relative, sep } from 'node:path'
import { AccessDeniedError } from '../../errors.ts'
import type { BlobStore, BlobWriter, StoredBlob } from '../blob-store.ts'
import { DiskBlobWriter, PARTIAL } from './disk-blob-writer.ts'
import { unavailable } from './disk-errors.ts'

const SAFE_KEY = /^[A-Za-z0-9._-]+(\/[A-Za-z0-9._-]+)*$/

/** Blobs as files below one folder. A blob is written beside its place and moved there when it is on the disk. */
export class DiskBlobStore implements BlobStore {
  readonly #root: string

  constructor(root: string) {
    this.#root = root
  }

  async create(key: string): Promise<BlobWriter> {
    return await DiskBlobWriter.create(this.#path(key))
  }
  async size(key: string): Promise<number> {
    try {
      return (await stat(this.#path(key))).size
    } catch (error) {
      throw missing(key, error)
    }
  }
  read(key: string, from: number, to: number): Promise<Uint8Array> {
    return this.#readFile(key, this.#path(key), { from, to })
  }
  readPartial(key: string, from: number, to: number): Promise<Uint8Array> {
    return this.#readFile(key, this.#path(key) + PARTIAL, { from, to })
  }
  async adopt(key: string, byteLength: number): Promise<void> {
    try {
      const writer = await DiskBlobWriter.adopt(this.#path(key), byteLength)
      await writer.commit()
    } catch (error) {
      throw missing(key, error)
    }
  }
  async delete(key: string): Promise<void> {
    await rm(this.#path(key), { force: true })
    await rm(this.#path(key) + PARTIAL, { force: true })
  }
  async list(prefix: string): Promise<StoredBlob[]> {
    const folder = this.#path(prefix)
    const entries = await readdir(folder, { recursive: true, withFileTypes: true }).catch(() => [])
    const blobs: StoredBlob[] = []
    for (const entry of entries) {
      if (!entry.isFile()) continue
      const path = join(entry.parentPath, entry.name)
      const isPartial = path.endsWith(PARTIAL)
      const key = relative(this.#root, isPartial ? path.slice(0, -PARTIAL.length) : path)
        .split(sep)
        .join('/')
      blobs.push({ key, byteLength: (await stat(path)).size, isPartial })
    }
    return blobs
  }

  async #readFile(key: string, path: string, { from, to }: { from: number; to: number }): Promise<Uint8Array> {
    let file: FileHandle | undefined
    try {
      file = await open(path, 'r')
      const buffer = Buffer.allocUnsafe(Math.max(0, to - from))
      let filled = 0
      while (filled < buffer.length) {
        const { bytesRead } = await file.read(buffer, filled, buffer.length - filled, from + filled)
        if (bytesRead === 0) break
        filled += bytesRead
      }
      return buffer.subarray(0, filled)
    } catch (error) {
      throw missing(key, error)
    } finally {
      await file?.close()
    }
  }

  #path(key: string): string {
    if (!SAFE_KEY.test(key) || key.split('/').some((part) => /^\.+$/.test(part))) {
      throw new AccessDeniedError('that is not a storage key')
    }
    return join(this.#root, key)
  }
}

function missing(key: string, error: unknown): Error {
  if ((error as NodeJS.ErrnoException).code === 'ENOENT')
    return new AccessDeniedError(`nothing is stored as ${key}`, 'not-found')
  return error instanceof AccessDeniedError ? error : unavailable(error)
}
