import { createWriteStream } from 'node:fs'
import { mkdir, open, readdir, readFile, rename, rm, writeFile } from 'node:fs/promises'
import { join } from 'node:path'
import type { Readable } from 'node:stream'
import { pipeline } from 'node:stream/promises'

/** What must be known of an upload to go on with it after a restart. */
export type UploadRecord = {
  readonly id: string
  /** Stream name of the recording: `assets/film`. */
  readonly name: string
  readonly profiles: readonly string[]
  /** Milliseconds since 1970. */
  readonly addedMs: number
  /** Begun, and neither ended nor stopped in order. */
  readonly attempts: number
}

const PARTIAL = '.part'
const RECORD = '.json'

/** Uploaded files that are not recordings yet, each with its record. What it says is written is on the disk. */
export class UploadFolder {
  readonly #folder: string

  constructor(folder: string) {
    this.#folder = folder
  }

  path(id: string): string {
    return join(this.#folder, id)
  }
  /** Rejects where the body is cut off or cannot be written; nothing is left then. */
  async take(record: UploadRecord, body: Readable): Promise<void> {
    const path = this.path(record.id)
    try {
      await mkdir(this.#folder, { recursive: true })
      await pipeline(body, createWriteStream(path + PARTIAL, { flush: true }))
      await rename(path + PARTIAL, path)
      await this.write(record)
    } catch (error) {
      await this.remove(record.id)
      throw error
    }
  }
  async write(record: UploadRecord): Promise<void> {
    const path = this.path(record.id) + RECORD
    await writeFile(path + PARTIAL, JSON.stringify(record), { flush: true })
    await rename(path + PARTIAL, path)
    await this.#sync()
  }
  /** The record first: a file without one is nobody's. */
  async remove(id: string): Promise<void> {
    const path = this.path(id)
    for (const each of [path + RECORD, path, path + PARTIAL]) await rm(each, { force: true })
  }
  /** What an earlier server has left, oldest first. Files that are not whole, or nobody's, are removed. */
  async remembered(): Promise<UploadRecord[]> {
    const names = await readdir(this.#folder).catch((): string[] => [])
    const records: UploadRecord[] = []
    for (const name of names) {
      const id = name.endsWith(RECORD) ? name.slice(0, -RECORD.length) : undefined
      const record = id !== undefined && names.includes(id) ? await this.#read(id) : undefined
      if (record) records.push(record)
    }
    const known = new Set(records.flatMap(({ id }) => [id, id + RECORD]))
    for (const name of names) if (!known.has(name)) await rm(this.path(name), { force: true })
    return records.sort((a, b) => a.addedMs - b.addedMs)
  }
  /** The names, that of the file itself among them. Some systems cannot, and need not. */
  async #sync(): Promise<void> {
    const folder = await open(this.#folder, 'r').catch(() => undefined)
    await folder?.sync().catch(() => {})
    await folder?.close()
  }
  async #read(id: string): Promise<UploadRecord | undefined> {
    try {
      const record = JSON.parse(await readFile(this.path(id) + RECORD, 'utf8')) as UploadRecord
      return record.id === id ? record : undefined
    } catch {
      return undefined
    }
  }
}
