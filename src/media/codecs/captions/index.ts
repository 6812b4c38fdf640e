export { type CaptionServiceId, CaptionServices } from './caption-services.ts'
