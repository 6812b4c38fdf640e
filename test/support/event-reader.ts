import { poll } from './poll.ts'

export type ReadEvent = { readonly id: string; readonly type: string; readonly data: Readonly<Record<string, unknown>> }

/** Reads Server-Sent Events as they come. */
export class EventReader implements AsyncDisposable {
  readonly events: ReadEvent[] = []
  readonly status: number
  readonly #abort: AbortController
  readonly #done: Promise<void>

  private constructor(response: Response, abort: AbortController) {
    this.status = response.status
    this.#abort = abort
    this.#done = this.#read(response).catch(() => {})
  }
  static async open(url: string, headers: Readonly<Record<string, string>> = {}): Promise<EventReader> {
    const abort = new AbortController()
    return new EventReader(await fetch(url, { headers, signal: abort.signal }), abort)
  }

  /** The first that is `wanted`, of those that have come or come yet. */
  async until(wanted: (event: ReadEvent) => boolean): Promise<ReadEvent> {
    return await poll('the event', async () => this.events.find(wanted))
  }
  async [Symbol.asyncDispose](): Promise<void> {
    this.#abort.abort()
    await this.#done
  }

  async #read(response: Response): Promise<void> {
    let text = ''
    for await (const bytes of response.body ?? []) {
      text += Buffer.from(bytes).toString()
      const blocks = text.split('\n\n')
      text = blocks.pop() ?? ''
      for (const block of blocks) this.#take(block)
    }
  }
  #take(block: string): void {
    const field = (name: string) => new RegExp(`^${name}: (.*)$`, 'm').exec(block)?.[1] ?? ''
    if (field('event') === '') return
    this.events.push({ id: field('id'), type: field('event'), data: JSON.parse(field('data')) })
  }
}
