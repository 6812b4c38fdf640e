export { EventFeed, type EventFilter, type ServerEvent } from './event-feed.ts'
export { readEventFilter, sendEvents } from './event-stream.ts'
export { EVENT_TYPES, type EventType } from './event-types.ts'
