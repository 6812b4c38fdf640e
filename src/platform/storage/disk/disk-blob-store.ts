import { type FileHandle, mkdir, open, readdir, rename, rm, stat } from 'node:fs/promises'
import { dirname, join, relative, sep } from 'node:path'
import { AccessDeniedError, UnavailableError } from '../../errors.ts'
import type { BlobStore, BlobWriter, StoredBlob } from '../blob-store.ts'

const PARTIAL = '.part'
const SAFE_KEY = /^[A-Za-z0-9._-]+(\/[A-Za-z0-9._-]+)*$/

/** Blobs as files below one folder. A blob is written beside its place and moved there when it is on the disk. */
export class DiskBlobStore implements BlobStore {
  readonly #root: string

  constructor(root: string) {
    this.#root = root
  }

  async create(key: string): Promise<BlobWriter> {
    const path = this.#path(key)
    try {
      await mkdir(dirname(path), { recursive: true })
      return new DiskBlobWriter(path, await open(path + PARTIAL, 'w'))
    } catch (error) {
      throw unavailable(error)
    }
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
    const path = this.#path(key)
    let writer: DiskBlobWriter | undefined
    try {
      const file = await open(path + PARTIAL, 'r+')
      writer = new DiskBlobWriter(path, file)
      await file.truncate(byteLength)
      await writer.commit()
    } catch (error) {
      await writer?.close()
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

class DiskBlobWriter implements BlobWriter {
  readonly #path: string
  readonly #file: FileHandle

  constructor(path: string, file: FileHandle) {
    this.#path = path
    this.#file = file
  }
  async append(parts: readonly Uint8Array[]): Promise<void> {
    const total = parts.reduce((sum, part) => sum + part.length, 0)
    try {
      const { bytesWritten } = await this.#file.writev([...parts])
      // A disk that is nearly full takes a part; writing the rest then says why.
      if (bytesWritten < total) await this.#file.writeFile(Buffer.concat(parts).subarray(bytesWritten))
    } catch (error) {
      throw unavailable(error)
    }
  }
  async commit(): Promise<void> {
    try {
      await this.#file.sync()
      await this.#file.close()
      await rename(this.#path + PARTIAL, this.#path)
      await syncFolder(dirname(this.#path))
    } catch (error) {
      await this.close()
      throw unavailable(error)
    }
  }
  /** A file handle that is left to the garbage collector ends the process. Idempotent. */
  async close(): Promise<void> {
    await this.#file.close().catch(() => {})
  }
  async abort(): Promise<void> {
    await this.close()
    await rm(this.#path + PARTIAL, { force: true }).catch(() => {})
  }
}

/** The rename itself must survive a power cut. Windows cannot open folders. */
async function syncFolder(path: string): Promise<void> {
  if (process.platform === 'win32') return
  const folder = await open(path, 'r')
  try {
    await folder.sync()
  } finally {
    await folder.close()
  }
}

function unavailable(error: unknown): UnavailableError {
  const { code, message } = error as NodeJS.ErrnoException
  return new UnavailableError(
    'disk',
    code === 'ENOSPC' ? 'no space is left; free some or set storage.path to another disk' : message,
  )
}
function missing(key: string, error: unknown): Error {
  if ((error as NodeJS.ErrnoException).code === 'ENOENT')
    return new AccessDeniedError(`nothing is stored as ${key}`, 'not-found')
  return error instanceof AccessDeniedError ? error : unavailable(error)
}
