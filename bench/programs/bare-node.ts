// The floor of Node: what native/limit.c does, with the cheapest write that Node has (`writeToHandle`). No checks, no
// protocol, no clean-up of its log. `bare-node.ts PORT frame|batch [MILLISECONDS]`: FLV comes in on PORT + 1 (plain TCP),
// HTTP-FLV goes out on PORT.
import { createServer, type Socket } from 'node:net'
import { onSocketBytes, type TcpHandle, tcpHandle, writeToHandle } from '../../src/platform/net/index.ts'

const [port = '0', mode = 'batch', step = '100'] = process.argv.slice(2)
const FILE_HEADER_BYTES = 13
const TAG_BYTES = 15
const BODY_AT = 11
const [AUDIO, VIDEO, SCRIPT] = [8, 9, 18]
const RESPONSE = Buffer.from('HTTP/1.1 200 OK\r\nContent-Type: video/x-flv\r\nConnection: close\r\n\r\n')

type Viewer = {
  readonly socket: Socket
  readonly handle: TcpHandle
  position: number
  isBusy: boolean
  onTaken: () => void
}

const log = Buffer.alloc(1 << 30)
const viewers = new Set<Viewer>()
const opening: Buffer[] = []
let received = 0
let head = 0
let parsed = FILE_HEADER_BYTES
let newestKey = 0

function pushAll(): void {
  let from = -1
  let view = log.subarray(0, 0)
  for (const viewer of viewers) {
    if (viewer.isBusy || viewer.position >= head) continue
    if (viewer.position !== from) view = log.subarray(viewer.position, head)
    from = viewer.position
    viewer.position = head
    viewer.isBusy = !writeToHandle(viewer.handle, view, viewer.socket, viewer.onTaken)
  }
}

function isConfiguration(type: number, body: Buffer): boolean {
  if (type === SCRIPT) return true
  return body[1] === 0 && (type === VIDEO || (type === AUDIO && (body[0] ?? 0) >> 4 === 10))
}
function takeTags(): void {
  while (parsed + TAG_BYTES <= received) {
    const size = log.readUIntBE(parsed + 1, 3) + TAG_BYTES
    if (parsed + size > received) break
    const type = log[parsed] ?? 0
    const body = log.subarray(parsed + BODY_AT, parsed + size)
    if (isConfiguration(type, body)) opening.push(log.subarray(parsed, parsed + size))
    else if (type === VIDEO && (body[0] ?? 0) >> 4 === 1) newestKey = parsed
    parsed += size
    head = parsed
  }
}

function join(socket: Socket): void {
  const handle = tcpHandle(socket)
  if (!handle) throw new Error('this Node has no handle below its sockets')
  const viewer: Viewer = {
    socket,
    handle,
    position: newestKey || head,
    isBusy: false,
    onTaken: () => {
      viewer.isBusy = false
    },
  }
  socket.write(Buffer.concat([RESPONSE, log.subarray(0, FILE_HEADER_BYTES), ...opening]))
  viewers.add(viewer)
  socket.on('close', () => viewers.delete(viewer))
}

const ingest = createServer((socket) => {
  onSocketBytes(
    socket.on('error', () => {}),
    (bytes) => {
      log.set(bytes, received)
      received += bytes.length
      takeTags()
      if (mode === 'frame') pushAll()
    },
  )
})
const exit = createServer({ noDelay: true }, (socket) => {
  socket.on('error', () => {}).once('data', () => join(socket))
})
// Who finds the viewers' port open finds the publisher's open too.
ingest.listen(Number(port) + 1, '127.0.0.1', () =>
  exit.listen({ port: Number(port), host: '127.0.0.1', backlog: 4096 }),
)
if (mode === 'batch') setInterval(pushAll, Number(step))
