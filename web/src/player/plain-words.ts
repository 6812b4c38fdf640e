import type { FailureKind } from './engine.ts'

/** What a viewer reads: what happened, and what happens next. */
export const PLAIN_WORDS = {
  offline: {
    title: 'This stream is not live right now',
    text: 'Leave this page open: it starts by itself as soon as somebody publishes it.',
  },
  unreachable: {
    title: 'The server does not answer',
    text: 'Your connection or the server is down. This page keeps trying.',
  },
  forbidden: {
    title: 'You may not watch this stream',
    text: 'It needs a key or a token that this address does not carry. Ask whoever gave you the link.',
  },
  unsupported: {
    title: 'This browser cannot play the stream this way',
    text: 'Its codecs are not known here, or not over this protocol. Try another protocol below the picture, or another browser.',
  },
  interrupted: { title: 'The connection was interrupted', text: 'Trying to connect again.' },
  stalled: {
    title: 'No picture is coming',
    text: 'The server is connected but sends nothing that can be shown. Trying again.',
  },
  media: { title: 'The picture could not be decoded', text: 'Starting again at the next keyframe.' },
} as const satisfies Record<FailureKind, { title: string; text: string }>
