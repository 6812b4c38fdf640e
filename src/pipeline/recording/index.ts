export type { VodHandler, VodTarget } from './vod/vod-handler.ts'
