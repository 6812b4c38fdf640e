export { type ControlApiOptions, openControlApi } from './api/control-api.ts'
export {
  type LiveEntry,
  type PublishSession,
  type RegistryObserver,
  StreamRegistry,
  type WorkerControl,
} from './registry.ts'
export { type StreamReport, type ViewerReport, type WorkerReport, WorkerStats } from './stats.ts'
