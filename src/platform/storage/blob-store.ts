/** Bytes by key. A key is a path of safe segments; nothing is visible under it before it is durable. */
export interface BlobStore {
  /** Rejects with UnavailableError. A key that exists is replaced when the writer commits. */
  create(key: string): Promise<BlobWriter>
  /** Bytes of a visible blob. Rejects with AccessDeniedError (`not-found`) where there is none. */
  size(key: string): Promise<number>
  /** Bytes [from, to) of a visible blob; shorter only at its end. */
  read(key: string, from: number, to: number): Promise<Uint8Array>
  delete(key: string): Promise<void>
  /** Bytes of a blob whose writer died before `commit`. */
  readPartial(key: string, from: number, to: number): Promise<Uint8Array>
  /** Makes the first `byteLength` bytes of such a blob visible; the rest is cut off. */
  adopt(key: string, byteLength: number): Promise<void>
  /** Keys below a prefix, in no order. */
  list(prefix: string): Promise<StoredBlob[]>
}

export type StoredBlob = {
  readonly key: string
  readonly byteLength: number /** Not committed: its writer died. */
  readonly isPartial: boolean
}

/** Grows, then becomes visible at once. */
export interface BlobWriter {
  append(parts: readonly Uint8Array[]): Promise<void>
  /** Resolves when the bytes are durable and visible. */
  commit(): Promise<void>
  /** Leaves nothing behind. */
  abort(): Promise<void>
}
