import assert from 'node:assert/strict'
import { test } from 'node:test'
import { poll } from '../support/poll.ts'
import { RawRtmpClient } from '../support/raw-rtmp-client.ts'
import { type ChunkStyle, chunksOf, flvTags, type MediaTag, setChunkSize } from '../support/rtmp-chunks.ts'
import type { TestServer } from '../support/server.ts'
import { frameNumbers, SyntheticStream } from '../support/synthetic.ts'
import { describeWorkers } from '../support/workers.ts'

const SETS = [
  'streams.**.graceMs=0',
  'streams.**.record=true',
  'streams.**.publishKey=open-sesame-4711',
  'hls.segmentMs=1000',
]
const PICTURES = 60
/** 1024 samples at 48 kHz are 1920 ticks of 90 kHz, a picture is 3600. */
const SOUNDS = Math.ceil((PICTURES * 3600) / 1920)
const [SCRIPT, VIDEO, AUDIO] = [18, 9, 8]
/** What the protocol starts with. RTMP 1.0, 5.4.1. */
const FIRST_CHUNK_BYTES = 128

type Publisher = { readonly client: RawRtmpClient; readonly id: number }
type Quirk = {
  readonly name: string
  readonly send: (publisher: Publisher, tags: readonly MediaTag[]) => void
  readonly app?: string
  /** Audio frames that nobody could have understood. */
  readonly lostSounds?: number
}

function style({ id }: Publisher, type: number, over: Partial<ChunkStyle> = {}): ChunkStyle {
  const chunkStreamId = type === VIDEO ? 6 : 4
  return { chunkStreamId, messageStreamId: id, chunkBytes: FIRST_CHUNK_BYTES, continuation: 'bare', ...over }
}
function sendAll(publisher: Publisher, tags: readonly MediaTag[], over: Partial<ChunkStyle> = {}): void {
  publisher.client.send(Buffer.concat(tags.flatMap((tag) => chunksOf(tag, style(publisher, tag.type, over)))))
}
function isConfig({ type, body }: MediaTag): boolean {
  return type !== SCRIPT && body[1] === 0
}
function isKeyframe({ type, body }: MediaTag): boolean {
  return type === VIDEO && body[0] === 0x17 && body[1] === 1
}
function laterBy(tags: readonly MediaTag[], ms: number): MediaTag[] {
  return tags.map((tag) => ({ ...tag, timestampMs: tag.timestampMs + ms }))
}
/** 4 h 40 min: more than 24 bits of milliseconds. */
const LONG_MS = 0x1000000

const QUIRKS: readonly Quirk[] = [
  {
    name: 'no metadata',
    send: (to, tags) =>
      sendAll(
        to,
        tags.filter(({ type }) => type !== SCRIPT),
      ),
  },
  { name: 'an app with a trailing slash', app: 'quirks/', send: sendAll },
  { name: 'one chunk stream for everything', send: (to, tags) => sendAll(to, tags, { chunkStreamId: 5 }) },
  {
    name: 'times beyond 24 bits, said in every chunk',
    send: (to, tags) => sendAll(to, laterBy(tags, LONG_MS), { continuation: 'with extended time' }),
  },
  {
    name: 'times beyond 24 bits, said in the first chunk of a message',
    send: (to, tags) => sendAll(to, laterBy(tags, LONG_MS), { continuation: 'bare' }),
  },
  { name: 'time differences in short headers', send: sendDifferences },
  { name: 'a chunk size that changes all the time, also inside of messages', send: sendChangingChunkSizes },
  {
    name: 'configurations in front of every keyframe',
    send: (to, tags) => {
      const configs = tags.filter(isConfig)
      const again = ({ timestampMs }: MediaTag) => configs.map((tag) => ({ ...tag, timestampMs }))
      sendAll(
        to,
        tags.flatMap((tag) => (isKeyframe(tag) ? [...again(tag), tag] : [tag])),
      )
    },
  },
  {
    name: 'an AAC configuration that comes after 20 audio frames',
    lostSounds: 20,
    send: (to, tags) => {
      const config = tags.filter((tag) => tag.type === AUDIO && isConfig(tag))
      const rest = tags.filter((tag) => !config.includes(tag))
      const at = rest.indexOf(rest.filter(({ type }) => type === AUDIO)[20] as MediaTag)
      sendAll(to, [...rest.slice(0, at), ...config, ...rest.slice(at)])
    },
  },
]

function sendDifferences(to: Publisher, tags: readonly MediaTag[]): void {
  const latest = new Map<number, number>()
  for (const tag of tags) {
    const plain = style(to, tag.type)
    const previousMs = latest.get(plain.chunkStreamId)
    const chunks = chunksOf(tag, previousMs === undefined ? plain : { ...plain, previousMs })
    latest.set(plain.chunkStreamId, tag.timestampMs)
    to.client.send(Buffer.concat(chunks))
  }
}

/** RTMP 1.0, 5.4: protocol control messages take effect at once, and may stand between the chunks of a message. */
function sendChangingChunkSizes(to: Publisher, tags: readonly MediaTag[]): void {
  const sizes = [64, 4096, 1, 333, 65_536, 128]
  let chunkBytes = FIRST_CHUNK_BYTES
  for (const [at, tag] of tags.entries()) {
    const next = sizes[at % sizes.length] ?? FIRST_CHUNK_BYTES
    const [first = Buffer.alloc(0)] = chunksOf(tag, style(to, tag.type, { chunkBytes }))
    const rest = { ...tag, body: tag.body.subarray(chunkBytes) }
    const [, ...others] = chunksOf(
      { ...tag, body: Buffer.concat([Buffer.alloc(next), rest.body]) },
      style(to, tag.type, { chunkBytes: next }),
    )
    to.client.send(Buffer.concat([first, setChunkSize(next, chunkBytes), ...others]))
    chunkBytes = next
  }
}

type Recordings = { readonly recordings: readonly { readonly id: string; readonly isOpen: boolean }[] }

async function recordingOf(server: TestServer, stream: string): Promise<string> {
  return await poll(`the recording of ${stream}`, async () => {
    const { recordings } = await server.json<Recordings>(`api/v1/recordings?stream=${encodeURIComponent(stream)}`)
    return recordings.find(({ isOpen }) => !isOpen)?.id
  })
}
function run(from: number, to: number): number[] {
  return Array.from({ length: to - from }, (_, at) => from + at)
}

describeWorkers(
  'RTMP quirks',
  SETS,
  (context) => {
    for (const [at, { name, send, app = 'quirks', lostSounds = 0 }] of QUIRKS.entries()) {
      test(`an encoder with ${name} loses nothing`, async () => {
        const { server } = context
        using client = await RawRtmpClient.open(server, app)
        const id = await client.createStream(2)
        client.command(id, ['publish', 3, null, `${at}?key=open-sesame-4711`, 'live'])
        await client.started(id, 'NetStream.Publish.Start')
        const stream = new SyntheticStream()
        send({ client, id }, flvTags(Buffer.concat([stream.header(), stream.frames(PICTURES)])))
        client.end()
        const recording = await recordingOf(server, `quirks/${at}`)
        const mp4 = Buffer.from(await (await fetch(server.http(`vod/${recording}.mp4`))).arrayBuffer())
        assert.deepEqual(frameNumbers(mp4), { video: run(0, PICTURES), audio: run(lostSounds, SOUNDS) })
        if (lostSounds > 0) return
        assert.doesNotMatch(JSON.stringify(server.lines), /open-sesame/)
        const playlist = await (await fetch(server.http(`vod/${recording}/t1.m3u8`))).text()
        assert.doesNotMatch(playlist, /EXT-X-DISCONTINUITY/)
      })
    }
  },
  [2],
)
