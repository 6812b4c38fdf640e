import { type Av, checked } from './av.ts'

type NativeFrame = InstanceType<Av['Frame']>
/** Name and arguments in FFmpeg's words. */
export type FilterStep = readonly [name: string, options: string | null]

/** Filters of libavfilter in a row, from a buffer to a sink. */
export class FilterChain implements Disposable {
  readonly #av: Av
  readonly #graph
  readonly #source
  readonly #sink

  /** `source`: `buffer` or `abuffer` with its arguments. Throws where a filter does not take its options. */
  constructor(av: Av, source: FilterStep, steps: readonly FilterStep[]) {
    this.#av = av
    this.#graph = new av.FilterGraph()
    this.#graph.alloc()
    this.#graph.nbThreads = 1
    const isAudio = source[0] === 'abuffer'
    const all = [source, ...steps, [isAudio ? 'abuffersink' : 'buffersink', null] as const]
    const contexts = all.map(([name, options]) => this.#make(name, options))
    for (const [at, context] of contexts.entries()) {
      const next = contexts[at + 1]
      if (next) checked(av, context.link(0, next, 0), all[at]?.[0] ?? '')
    }
    this.#source = contexts[0] ?? this.#make('null', null)
    this.#sink = contexts.at(-1) ?? this.#source
    checked(av, this.#graph.configSync(), steps.map(([name]) => name).join(' → '))
  }

  /** Of the frames that come out. */
  get timeBase(): { readonly num: number; readonly den: number } {
    return this.#sink.buffersinkGetTimeBase()
  }
  /** The frame stays the caller's; null ends the input. */
  add(frame: NativeFrame | null): void {
    checked(this.#av, this.#source.buffersrcAddFrameSync(frame, this.#av.AV_BUFFERSRC_FLAG_KEEP_REF), 'filter')
  }
  /** Negative while there is nothing to take. */
  take(into: NativeFrame): number {
    return this.#sink.buffersinkGetFrameSync(into)
  }
  [Symbol.dispose](): void {
    this.#graph.free()
  }

  #make(name: string, options: string | null) {
    const filter = this.#av.Filter.getByName(name)
    const context = filter && this.#graph.createFilter(filter, name, options)
    if (!context) throw new Error(`FFmpeg's filter "${name}" does not take ${options}`)
    return context
  }
}
