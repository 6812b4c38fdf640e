export { type Methods, RpcPort } from './rpc.ts'
export { collectStartGarbage } from './start-garbage.ts'
