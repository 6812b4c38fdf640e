export { type DemoPublication, DemoPublisher, type DemoPublisherOptions } from './demo/demo-publisher.ts'
export { type CodecAvailability, codecAvailability } from './parent/codec-availability.ts'
export type { CodecJob, JobEnd, JobOrder, JobSink } from './parent/codec-job.ts'
export { CodecProcess, type CodecProcessOptions } from './parent/codec-process.ts'
