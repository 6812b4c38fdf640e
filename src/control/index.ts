export {
  type LiveEntry,
  type PublishSession,
  type RegistryObserver,
  StreamRegistry,
  type WorkerControl,
} from './registry.ts'
