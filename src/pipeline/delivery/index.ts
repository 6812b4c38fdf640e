export { Delivery, type DeliveryCounters, type DeliveryOptions } from './fanout/delivery.ts'
export { type CloseReason, Viewer, type ViewerOptions } from './fanout/viewer.ts'
export { type HlsResource, parseHlsResource } from './hls/hls-playlists.ts'
export { type HlsAnswer, HlsService } from './hls/hls-service.ts'
