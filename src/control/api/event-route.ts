import { readEventFilter, sendEvents } from '../events/index.ts'
import type { ApiRoute } from './api-route.ts'

export const EVENT_ROUTE: ApiRoute = {
  method: 'GET',
  path: '/events',
  summary: 'What happens, as it happens (Server-Sent Events); `?stream=` a pattern, `?types=` of which kinds',
  access: 'admin',
  contentType: 'text/event-stream',
  begin: ({ events, log }, { query, headers }, response) => {
    const { 'last-event-id': lastId } = headers
    const filter = readEventFilter(query)
    sendEvents(response, { feed: events, filter, log, lastId: typeof lastId === 'string' ? lastId : undefined })
  },
}
