export { http } from './node-http.ts'
export { onSocketBytes, queuedBytes, TakenSocket, type TcpHandle, tcpHandle, writeToHandle } from './tcp-handle.ts'
