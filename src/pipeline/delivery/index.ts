export { Delivery, type DeliveryCounters, type DeliveryOptions } from './fanout/delivery.ts'
export { type CloseReason, Viewer, type ViewerOptions } from './fanout/viewer.ts'
