export { http } from './node-http.ts'
export { onSocketBytes, queuedBytes, type TcpHandle, tcpHandle, writeToHandle } from './tcp-handle.ts'
