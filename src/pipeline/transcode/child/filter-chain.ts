import { type Av, checked } from './av.ts'

type NativeFrame = InstanceType<Av['Frame']>
type NativeFilter = InstanceType<Av['FilterContext']>
/** Name and arguments in FFmpeg's words; a filter with two inputs has the filters that its second comes from. */
export type FilterStep = readonly [name: string, options: string | null, side?: readonly FilterStep[]]

/** Filters of libavfilter in a row, from a buffer to a sink. */
export class FilterChain implements Disposable {
  readonly #av: Av
  readonly #graph
  readonly #source
  readonly #sink
  #filterCount = 0

  /** `source`: `buffer` or `abuffer` with its arguments. Throws where a filter does not take its options. */
  constructor(av: Av, source: FilterStep, steps: readonly FilterStep[]) {
    this.#av = av
    this.#graph = new av.FilterGraph()
    this.#graph.alloc()
    this.#graph.nbThreads = 1
    const isAudio = source[0] === 'abuffer'
    const all: readonly FilterStep[] = [source, ...steps, [isAudio ? 'abuffersink' : 'buffersink', null]]
    const contexts = all.map(([name, options]) => this.#make(name, options))
    this.#connect(contexts)
    for (const [at, [name, , side]] of all.entries()) {
      const into = contexts[at]
      const last = this.#connect((side ?? []).map(([sideName, options]) => this.#make(sideName, options)))
      if (into && last) checked(av, last.link(0, into, 1), name)
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
  /** Changes an option of a filter that can change while it runs. */
  command(filter: string, name: string, value: string): void {
    const result = this.#graph.sendCommand(filter, name, value)
    checked(this.#av, typeof result === 'number' ? result : 0, `${filter} ${name}`)
  }
  /** Negative while there is nothing to take. */
  take(into: NativeFrame): number {
    return this.#sink.buffersinkGetFrameSync(into)
  }
  /** As `take`, on another thread. Nothing else may be done with the chain until it resolves. */
  takeLater(into: NativeFrame): Promise<number> {
    return this.#sink.buffersinkGetFrame(into)
  }
  [Symbol.dispose](): void {
    this.#graph.free()
  }

  /** The last of them. */
  #connect(contexts: readonly NativeFilter[]): NativeFilter | undefined {
    for (const [at, context] of contexts.entries()) {
      const next = contexts[at + 1]
      if (next) checked(this.#av, context.link(0, next, 0), next.name ?? '')
    }
    return contexts.at(-1)
  }
  #make(name: string, options: string | null) {
    const filter = this.#av.Filter.getByName(name)
    const context = filter && this.#graph.createFilter(filter, `${name}${this.#filterCount++}`, options)
    if (!context) throw new Error(`FFmpeg's filter "${name}" does not take ${options}`)
    return context
  }
}
