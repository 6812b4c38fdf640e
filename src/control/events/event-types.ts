/** What programs are told of. Each is a log line too, of the same name and fields. */
export const EVENT_TYPES = {
  'stream.started': 'A stream can be watched',
  'stream.ended': 'A stream is over; `reason`',
  'publish.started': 'A publisher came, or came back; `session`, `protocol`, `remote`, `agent`',
  'publish.ended': 'A publisher is gone; the stream may wait for it. `session`, `reason`',
  'stream.silence': 'Of a watched stream: no sound; `state` is `began` or `ended`, `since` when it began',
  'stream.black': 'Of a watched stream: black pictures; likewise',
  'stream.freeze': 'Of a watched stream: the picture does not move; likewise',
  'rendition.started': 'A rung or conversion is made; `rendition` is its stream',
  'rendition.ended': 'It is not made any more; `reason`',
  'rendition.failed': 'It cannot be made; `problem`',
  'rendition.shed':
    'The load governor took a part of it (`level` 1: half of its frames, 2: all), or gave it back (0); `reason`',
  'ladder.interrupted': 'The codec process of a stream ended, and is replaced; `problem`',
  'conversion.started': 'An output cannot carry the stream as it is; `problem`',
  'recording.started': 'A recording was begun; `recording` is its id',
  'recording.ended': 'A recording is whole',
  'recording.failing': 'The storage takes nothing; `error`',
  'recording.recovered': 'The storage takes segments again',
  'asset.started': 'A film is being taken in; `asset` is its id, `name` its stream',
  'asset.warning': 'It holds less than it should; `warning`',
  'asset.done': 'It is a recording; `recording` is its id',
  'asset.failed': 'It is none; `error`',
  'asset.resumed': 'The server was started again before a film was done',
  'worker.lost': 'A media worker ended, its streams with it; it is replaced',
} as const satisfies Readonly<Record<string, string>>

export type EventType = keyof typeof EVENT_TYPES

export function isEventType(name: string): name is EventType {
  return Object.hasOwn(EVENT_TYPES, name)
}
