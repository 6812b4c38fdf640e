/** Which stream a publish or play command means. */
export type RtmpStreamName = {
  /** App and stream key joined, without empty segments: `live/demo`. Not checked against our own name rules. */
  readonly path: string
  /** Parameters of the stream key, else of the app, else of tcUrl. May hold secrets: never log it. */
  readonly query: Readonly<Record<string, string>>
}

/** Prefixes by which Flash servers chose a file reader; they are no part of the name. */
const TYPE_PREFIX = /^(?:mp4|flv|mp3|f4v|raw|id3):/i

/**
 * Joins what clients spread over app, tcUrl and stream key. `rtmp://h/live/demo?key=x`, `rtmp://h/live?key=x/demo`,
 * an empty app and an app of several segments all give the same name.
 */
export function readStreamName(app: string, tcUrl: string, streamKey: string): RtmpStreamName {
  const ofApp = splitQuery(app)
  const ofKey = splitQuery(streamKey.replace(TYPE_PREFIX, ''))
  // A key that a client glued to the query of the app, `live?key=x/demo`, with nothing left as its own.
  const slash = ofKey.path === '' ? ofApp.query.lastIndexOf('/') : -1
  const glued = slash < 0 ? '' : ofApp.query.slice(slash + 1)
  const appQuery = slash < 0 ? ofApp.query : ofApp.query.slice(0, slash)
  const segments = `${ofApp.path}/${ofKey.path}/${glued}`.split('/').filter((segment) => segment !== '')
  const query = { ...readQuery(splitQuery(tcUrl).query), ...readQuery(appQuery), ...readQuery(ofKey.query) }
  return { path: segments.join('/'), query }
}

function splitQuery(text: string): { path: string; query: string } {
  const at = text.indexOf('?')
  return at < 0 ? { path: text, query: '' } : { path: text.slice(0, at), query: text.slice(at + 1) }
}

/** The last of equal names wins. A plus sign stays one: stream keys are pasted into addresses unescaped. */
function readQuery(query: string): Record<string, string> {
  const entries = query
    .split('&')
    .filter((pair) => pair !== '')
    .map((pair): [string, string] => {
      const at = pair.indexOf('=')
      return at < 0 ? [unescaped(pair), ''] : [unescaped(pair.slice(0, at)), unescaped(pair.slice(at + 1))]
    })
  return Object.fromEntries(entries)
}

/** What is not proper percent-encoding is kept as it stands. */
function unescaped(text: string): string {
  try {
    return decodeURIComponent(text)
  } catch {
    return text
  }
}
