export { http } from './node-http.ts'
export {
  onSocketBytes,
  queuedBytes,
  type Reading,
  TakenSocket,
  type TcpHandle,
  tcpHandle,
  writeToHandle,
} from './tcp-handle.ts'
