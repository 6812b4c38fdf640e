import { randomBytes } from 'node:crypto'
import { commandBytes, controlBytes } from '../../src/media/protocols/rtmp/command.ts'
import { MESSAGE_TYPE, OUTPUT_CHUNK_BYTES } from '../../src/media/protocols/rtmp/index.ts'

/** How viewers can be served. `hls`: plain, with whole segments; see `low-latency` too. */
export const PROTOCOLS = ['flv', 'ts', 'mp4', 'ws-flv', 'ws-ts', 'ws-mp4', 'rtmp', 'hls'] as const
export type Protocol = (typeof PROTOCOLS)[number]

/** Everything that a viewer ever says, in one piece: sent without waiting for answers. Not for `hls`. */
export function viewerRequest(protocol: Exclude<Protocol, 'hls'>, port: number, stream: string): Buffer {
  if (protocol === 'rtmp') return rtmpPlay(port, stream)
  const isWebSocket = protocol.startsWith('ws-')
  const extension = isWebSocket ? protocol.slice(3) : protocol
  const upgrade = isWebSocket
    ? [
        'Connection: Upgrade',
        'Upgrade: websocket',
        'Sec-WebSocket-Version: 13',
        `Sec-WebSocket-Key: ${randomBytes(16).toString('base64')}`,
      ]
    : []
  return Buffer.from(
    `${[`GET /${stream}.${extension} HTTP/1.1`, `Host: 127.0.0.1:${port}`, ...upgrade].join('\r\n')}\r\n\r\n`,
  )
}

/** Of Enhanced RTMP, as the probes are: all viewers of a measurement get the same bytes. */
const PLAYER = { flashVer: 'LNX 9,0,124,2', audioCodecs: 4071, videoCodecs: 252, fourCcList: ['avc1', 'mp4a'] }

/** C0, C1, C2, then connect, createStream and play on the stream id that every server gives first. RTMP 1.0, 5.2, 7.2. */
function rtmpPlay(port: number, path: string): Buffer {
  const [app = '', ...rest] = path.split('/')
  const c0c1c2 = Buffer.alloc(1 + 1536 + 1536)
  c0c1c2[0] = 3
  const tcUrl = `rtmp://127.0.0.1:${port}/${app}`
  return Buffer.concat([
    c0c1c2,
    controlBytes(MESSAGE_TYPE.setChunkSize, OUTPUT_CHUNK_BYTES),
    commandBytes(0, ['connect', 1, { app, tcUrl, ...PLAYER }]),
    commandBytes(0, ['createStream', 2, null]),
    commandBytes(1, ['play', 3, null, rest.join('/')]),
  ])
}
