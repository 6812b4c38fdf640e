export { onSocketBytes, queuedBytes, type TcpHandle, tcpHandle, writeToHandle } from './tcp-handle.ts'
