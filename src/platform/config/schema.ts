import { z } from 'zod'
import { PROFILE, TRANSCODE } from './profile-schema.ts'
import { profileNames } from './profiles.ts'

const port = z.int().min(0).max(65_535)
const milliseconds = z.int().min(0).max(86_400_000)
const size = (fallback: number) => z.int().min(1024).default(fallback)

/** What concerns streams is set by pattern; absent keys inherit from less specific patterns. */
export const STREAM_SETTINGS = z.strictObject({
  publishKey: z
    .string()
    .min(1)
    .optional()
    .describe('Key that publishers must give (`?key=…`). Absent: only publishers on loopback are let in.'),
  record: z
    .union([z.boolean(), z.literal('source')])
    .optional()
    .describe('Record the stream to the storage, and the rungs of its ladder that always run; `source`: itself only.'),
  takeover: z
    .enum(['same-source', 'always', 'never'])
    .optional()
    .describe(
      'What happens when the name is already being published: a newcomer with the same key or address takes over, any newcomer does, or none.',
    ),
  graceMs: milliseconds
    .optional()
    .describe('How long viewers of a stream whose publisher is gone wait for it to come back.'),
  ladder: z
    .array(z.string())
    .optional()
    .describe('Renditions by the codec module: names of profiles. Each is a stream `NAME/PROFILE`.'),
  watch: z
    .boolean()
    .optional()
    .describe('Measure loudness (EBU R 128), and tell of silence, black and frozen pictures; costs a decoder.'),
  variants: z
    .array(z.string())
    .optional()
    .describe('Other published streams that are this one in other qualities: they share its playlist and MPD.'),
  convert: z
    .enum(['none', 'audio', 'b-frames', 'all'])
    .optional()
    .describe(
      'What is converted for viewers whose output cannot carry it: nothing; `audio` (G.711 or FLAC in MPEG-TS, Opus for classic RTMP players); `b-frames`: audio, and pictures for viewers that cannot have B-frames (the default); `all`: video of any codec too.',
    ),
  ladderMode: z
    .enum(['on-demand', 'always'])
    .optional()
    .describe('Whether renditions run only while somebody takes them, or as long as the stream lives.'),
})

const KEYS = z.strictObject({
  http: z
    .strictObject({
      port: port.default(8080).describe('HTTP and WebSocket: players, push, API and pages. 0 means any free port.'),
      host: z.string().optional().describe('Address to listen on; absent: all.'),
    })
    .prefault({}),
  https: z
    .strictObject({ port: port.default(8443).describe('HTTPS; needs `tls`.'), host: z.string().optional() })
    .prefault({}),
  rtmp: z
    .strictObject({
      port: port.default(1935).describe('RTMP in and out.'),
      host: z.string().optional(),
    })
    .prefault({}),
  rtmps: z
    .strictObject({ port: port.default(1936).describe('RTMPS; needs `tls`.'), host: z.string().optional() })
    .prefault({}),
  tls: z
    .strictObject({
      certFile: z.string().describe('PEM file with the certificate chain.'),
      keyFile: z.string().describe('PEM file with the private key.'),
    })
    .optional()
    .describe('Certificate for HTTPS and RTMPS. Absent: those listeners are off.'),
  storage: z
    .strictObject({ path: z.string().min(1).default('./data').describe('Folder of recordings and of the catalogue.') })
    .prefault({}),
  workers: z
    .union([z.literal('auto'), z.int().min(1).max(32)])
    .default('auto')
    .describe('Media workers; `auto` means one per core.'),
  log: z
    .strictObject({
      level: z.enum(['debug', 'info', 'warn', 'error', 'silent']).default('info'),
      format: z.enum(['text', 'json']).default('text').describe('`json` prints one object a line.'),
    })
    .prefault({}),
  delivery: z
    .strictObject({
      flush: z
        .union([z.literal('auto'), z.int().min(0).max(1000)])
        .default('auto')
        .describe('Milliseconds between flushes to viewers; 0 sends every frame at once; `auto` grows with the load.'),
      flushMinMs: z.int().min(0).max(1000).default(10).describe('`auto` sends at once below this.'),
      flushMaxMs: z.int().min(1).max(1000).default(100).describe('`auto` never waits longer.'),
      maxLagMs: milliseconds.default(5000).describe('A viewer further behind is moved to the newest keyframe.'),
      maxLagBytes: size(33_554_432).describe('A viewer that holds back more than this is closed.'),
      maxMoves: z.int().min(0).max(1000).default(10).describe('Moves after which a viewer is closed as too slow.'),
      stallMs: milliseconds.default(10_000).describe('A viewer that takes nothing for so long is closed.'),
      lingerMs: milliseconds.default(10_000).describe('How long an output runs on after its last viewer left.'),
    })
    .prefault({}),
  hls: z
    .strictObject({
      segmentMs: z
        .int()
        .min(200)
        .max(60_000)
        .default(2000)
        .describe('Target duration of segments; they are cut at keyframes.'),
      partMs: z
        .int()
        .min(50)
        .max(5000)
        .default(333)
        .describe('Target duration of the parts of a segment (CMAF chunks): the unit of low-latency playback.'),
      windowSegments: z.int().min(2).max(10_000).default(7).describe('Segments in a live playlist.'),
      timeShiftMs: milliseconds
        .default(7_200_000)
        .describe('How far back the live playlist and MPD of a recorded stream go.'),
      mpegTs: z
        .boolean()
        .default(true)
        .describe('MPEG-TS segments for old devices (`NAME/index-ts.m3u8`), made when somebody asks for them.'),
    })
    .prefault({}),
  dash: z
    .strictObject({
      template: z
        .enum(['timeline', 'number'])
        .default('timeline')
        .describe(
          'How an MPD tells segments: with their exact times, or by number and nominal length, which is what low-latency players want. `?template=` overrides it.',
        ),
      trickMode: z
        .boolean()
        .default(false)
        .describe(
          'List keyframes as a set for fast playback (trickmode). FFmpeg takes it for another video and loses the times of the first: leave it off where FFmpeg reads MPDs.',
        ),
    })
    .prefault({}),
  thumbnails: z
    .strictObject({
      enabled: z
        .boolean()
        .default(true)
        .describe('Thumbnail tiles in HLS and DASH lists of what is recorded; made when a player asks for one.'),
      inLiveHls: z
        .boolean()
        .default(false)
        .describe(
          'Name them in the multivariant playlist of a live stream too. shaka-player then stays a tile further behind the live edge; MPDs, recordings and the past of a stream have them anyway.',
        ),
      columns: z.int().min(1).max(20).default(5).describe('Pictures in a row of a tile.'),
      rows: z.int().min(1).max(20).default(2).describe('Rows of a tile.'),
      intervalMs: z.int().min(500).max(600_000).default(2000).describe('Time from one picture to the next.'),
      widthPx: z.int().min(32).max(640).default(160).describe('Width of one picture; the height follows the video.'),
    })
    .prefault({}),
  limits: z
    .strictObject({
      maxMessageBytes: size(16_777_216).describe('Largest single message, frame or tag of a publisher.'),
      maxBufferedBytes: size(33_554_432).describe('Most bytes of unfinished messages that one connection may hold.'),
      maxConnections: z.int().min(1).default(20_000).describe('Connections per worker and listener.'),
      handshakeMs: milliseconds
        .default(10_000)
        .describe('Time for a peer to say what it wants: HTTP header, RTMP handshake to publish or play.'),
      idleMs: milliseconds.default(30_000).describe('A publisher that sends nothing for so long is gone.'),
      maxTracks: z.int().min(1).max(64).default(16).describe('Tracks in one published stream.'),
    })
    .prefault({}),
  memory: z
    .strictObject({
      segmentBytes: z.int().min(65_536).max(4_194_304).default(1_048_576).describe('Size of one shared segment.'),
      poolBytes: size(2_147_483_648).describe('Most shared memory that one worker may hold for streams.'),
      maxLogBytes: size(67_108_864).describe('Most bytes that one log keeps for joining and lagging viewers.'),
    })
    .prefault({}),
  api: z
    .strictObject({
      adminToken: z
        .string()
        .min(8)
        .optional()
        .describe('Token for changes from other hosts. Absent: made at the first start and printed once.'),
    })
    .prefault({}),
  demo: z
    .strictObject({
      enabled: z.boolean().default(false).describe('Publish the built-in test stream.'),
      name: z.string().default('live/demo'),
    })
    .prefault({}),
  transcode: TRANSCODE.prefault({}),
  profiles: z
    .record(z.string().regex(/^[A-Za-z0-9-][A-Za-z0-9_-]*$/, 'letters, digits, "_" or "-", no "_" first'), PROFILE)
    .default({}),
  streams: z.record(z.string(), STREAM_SETTINGS).default({}),
})

/** Every key, and what holds between keys. */
export const CONFIG = KEYS.superRefine(({ profiles, streams }, context) => {
  const known = profileNames(profiles)
  for (const [pattern, { ladder = [] }] of Object.entries(streams)) {
    if (ladder.every((name) => known.includes(name))) continue
    context.addIssue({
      code: 'custom',
      path: ['streams', pattern, 'ladder'],
      message: `names of profiles (${known.join(', ')})`,
    })
  }
})

export type Config = z.infer<typeof CONFIG>
/** What an operator writes: every key may be absent. */
export type ConfigInput = z.input<typeof CONFIG>
export type StreamSettings = z.infer<typeof STREAM_SETTINGS>
