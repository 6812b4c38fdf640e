export type { ListenerContext } from './context.ts'
export { PEER_HEADER } from './http/control-proxy.ts'
export { HttpListener, type TlsFiles } from './http/http-listener.ts'
export { RtmpListener } from './rtmp/rtmp-listener.ts'
