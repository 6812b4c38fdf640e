import assert from 'node:assert/strict'
import { setInterval } from 'node:timers'
import { FlvDemuxer } from '../../src/media/formats/flv/index.ts'
import { HttpPublisher, HttpViewer } from './http-publisher.ts'
import { poll } from './poll.ts'
import type { TestServer } from './server.ts'
import { pictureNumber } from './synthetic.ts'

const STEP_MS = 40
/** Pictures that must come after what the test did. */
const GOES_ON = 25

let witnessCount = 0

/** A stream with a viewer that must not notice what a test does to the rest of the server. */
export class Witness implements Disposable {
  readonly stream: string
  readonly #server: TestServer
  readonly #publisher: HttpPublisher
  readonly #viewer: HttpViewer
  readonly #clock: NodeJS.Timeout
  readonly numbers: number[] = []

  private constructor(server: TestServer, stream: string, publisher: HttpPublisher, viewer: HttpViewer) {
    this.#server = server
    this.stream = stream
    this.#publisher = publisher
    this.#viewer = viewer
    const demuxer = new FlvDemuxer({
      onTrack: () => {},
      onFrame: ({ trackId, data }) => {
        if (trackId === 1) this.numbers.push(pictureNumber(data))
      },
    })
    viewer.onBytes((bytes) => demuxer.push(new Uint8Array(bytes)))
    this.#clock = setInterval(() => void publisher.send(1), STEP_MS)
  }
  static async start(server: TestServer): Promise<Witness> {
    const stream = `witness/${++witnessCount}`
    const publisher = new HttpPublisher(server, `${stream}.flv`)
    await publisher.send(30)
    await server.live(stream)
    return new Witness(server, stream, publisher, await HttpViewer.open(server, `${stream}.flv`))
  }

  /** Resolves when the stream has gone on for a while from now; rejects where anything of it was lost. */
  async goesOn(): Promise<void> {
    const wanted = (this.numbers.at(-1) ?? 0) + GOES_ON
    await this.#publisher.send(GOES_ON)
    await poll('the witness to go on', () => {
      assert.equal(this.#viewer.ended, false, 'the witness was cut off')
      return (this.numbers.at(-1) ?? 0) >= wanted || undefined
    })
    const [first = 0] = this.numbers
    assert.deepEqual(
      this.numbers,
      this.numbers.map((_, at) => first + at),
      'the witness lost frames',
    )
    assert.ok(!this.#server.lines.some(({ event }) => event === 'worker.failed'), 'no worker failed')
  }
  [Symbol.dispose](): void {
    clearInterval(this.#clock)
    this.#publisher[Symbol.dispose]()
    this.#viewer[Symbol.dispose]()
  }
}
