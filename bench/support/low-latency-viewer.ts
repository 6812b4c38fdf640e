import { KeptConnection } from './kept-connection.ts'

const TAIL_BYTES = 300

type ReadList = {
  readonly newest: { readonly uri: string; readonly endMs: number } | undefined
  /** Address of the part that comes next. */
  readonly hint: string | undefined
}

/** What the viewers of one stream see, all together. */
export type Observations = {
  /** Wall clock of the end of each part, by its address. */
  readonly partEndsMs: Map<string, number>
  readonly lists: Map<string, ReadList>
  /** From the end of the newest part to the answer to the request that waited for it. */
  playlistsMs: number[]
  /** When parts were there, whole. */
  arrivals: { readonly uri: string; readonly atMs: number }[]
  refusals: number
}

/**
 * A viewer of Low-Latency HLS that keeps two requests waiting: for the next playlist (blocking reload) and for the part
 * that it hints at.
 */
export class LowLatencyViewer {
  readonly #folder: string
  readonly #seen: Observations
  readonly #lists: KeptConnection
  readonly #media: KeptConnection
  #isClosed = false
  #hinted = ''

  constructor(port: number, stream: string, seen: Observations) {
    this.#folder = `/${stream}/`
    this.#seen = seen
    this.#lists = new KeptConnection(port)
    this.#media = new KeptConnection(port)
    this.#ask('t1.m3u8')
  }
  close(): void {
    this.#isClosed = true
    this.#lists.close()
    this.#media.close()
  }

  #ask(file: string): void {
    this.#lists.get(this.#folder + file, (status, body) => {
      if (this.#isClosed) return
      if (status !== 200) {
        this.#seen.refusals++
        return this.#ask('t1.m3u8')
      }
      const { newest, hint } = this.#read(body)
      if (newest && file.includes('_HLS_msn')) this.#seen.playlistsMs.push(Date.now() - newest.endMs)
      const [, msn, part] = /-(\d+)\.(\d+)\.m4s$/.exec(hint ?? '') ?? []
      if (hint !== undefined && hint !== this.#hinted) this.#fetchPart(hint)
      this.#ask(msn === undefined ? 't1.m3u8' : `t1.m3u8?_HLS_msn=${msn}&_HLS_part=${part}`)
    })
  }
  /** All viewers get the same lists, each of which ends in another way: what it says is read once. */
  #read(body: Buffer): ReadList {
    const tail = body.toString('latin1', Math.max(0, body.length - TAIL_BYTES))
    const known = this.#seen.lists.get(tail)
    if (known) return known
    const list = body.toString('latin1')
    const newest = newestPart(list)
    const read = { newest, hint: /^#EXT-X-PRELOAD-HINT:.*URI="([^"]+)"/m.exec(list)?.[1] }
    if (newest) this.#seen.partEndsMs.set(newest.uri, newest.endMs)
    this.#seen.lists.set(tail, read)
    return read
  }
  /** A hint that changes while the part before it is still on its way is left out. */
  #fetchPart(uri: string): void {
    this.#hinted = uri
    this.#media.get(this.#folder + uri, (status) => {
      if (status === 200) this.#seen.arrivals.push({ uri, atMs: Date.now() })
      else this.#seen.refusals++
    })
  }
}

/** The last part of a playlist and the wall clock of its end. */
function newestPart(list: string): { readonly uri: string; readonly endMs: number } | undefined {
  const from = list.lastIndexOf('#EXT-X-PROGRAM-DATE-TIME:')
  if (from < 0) return undefined
  const tail = list.slice(from)
  let endMs = Date.parse(tail.slice(25, tail.indexOf('\n')))
  let uri = ''
  for (const [, seconds, name] of tail.matchAll(/#EXT-X-PART:DURATION=([\d.]+),URI="([^"]+)"/g)) {
    endMs += Number(seconds) * 1000
    uri = name ?? ''
  }
  return uri === '' ? undefined : { uri, endMs }
}
