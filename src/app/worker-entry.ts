import { enableCompileCache } from 'node:module'

enableCompileCache()
await import('./media-worker.ts')
