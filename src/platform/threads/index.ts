export { type Methods, RpcPort } from './rpc.ts'
