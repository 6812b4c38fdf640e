import type { StartEngine } from './engine.ts'

export const PROTOCOL_IDS = ['hls', 'http-flv', 'ws-flv', 'http-ts', 'ws-mp4', 'http-mp4'] as const
export type ProtocolId = (typeof PROTOCOL_IDS)[number]

export type Protocol = {
  readonly label: string
  /** One line that helps to choose. */
  readonly hint: string
  readonly path: (name: string) => string
  /** Loads the player's code when it is first needed. */
  readonly load: () => Promise<StartEngine>
}

const loadMpegts = () => import('./mpegts-engine.ts')

export const PROTOCOLS = {
  hls: {
    label: 'HLS',
    hint: 'Plays everywhere, passes every proxy and CDN; a few seconds behind.',
    path: (name) => `/${name}/index.m3u8`,
    load: async () => (await import('./hls-engine.ts')).startHls,
  },
  'http-flv': {
    label: 'HTTP-FLV',
    hint: 'About a second behind, over one plain HTTP answer.',
    path: (name) => `/${name}.flv`,
    load: async () => (await loadMpegts()).startHttpFlv,
  },
  'ws-flv': {
    label: 'WS-FLV',
    hint: 'As HTTP-FLV, over a WebSocket.',
    path: (name) => `/${name}.flv`,
    load: async () => (await loadMpegts()).startWsFlv,
  },
  'http-ts': {
    label: 'HTTP-TS',
    hint: 'MPEG-TS over one plain HTTP answer.',
    path: (name) => `/${name}.ts`,
    load: async () => (await loadMpegts()).startHttpTs,
  },
  'ws-mp4': {
    label: 'WS-MP4',
    hint: 'Fragmented MP4 over a WebSocket; every codec that the browser knows.',
    path: (name) => `/${name}.mp4`,
    load: async () => (await import('./ws-mp4-engine.ts')).startWsMp4,
  },
  'http-mp4': {
    label: 'HTTP-MP4',
    hint: 'Fragmented MP4 played by the browser itself, without any script.',
    path: (name) => `/${name}.mp4`,
    load: async () => (await import('./native-engine.ts')).startNative,
  },
} as const satisfies Record<ProtocolId, Protocol>

export function isProtocolId(text: string | null | undefined): text is ProtocolId {
  return PROTOCOL_IDS.some((id) => id === text)
}

const STORAGE_KEY = 'millrace.protocol'
const DEFAULT_PROTOCOL: ProtocolId = 'hls'

/** The address (`?protocol=ws-flv`) before what was chosen last. */
export function initialProtocol(): ProtocolId {
  const asked = new URLSearchParams(location.search).get('protocol')
  if (isProtocolId(asked)) return asked
  const remembered = localStorage.getItem(STORAGE_KEY)
  return isProtocolId(remembered) ? remembered : DEFAULT_PROTOCOL
}

/** Remembers the choice, in the address as well where the address names one. */
export function rememberProtocol(protocol: ProtocolId): void {
  localStorage.setItem(STORAGE_KEY, protocol)
  const url = new URL(location.href)
  if (!url.searchParams.has('protocol')) return
  url.searchParams.set('protocol', protocol)
  history.replaceState(null, '', url)
}

/** A viewer's `?token=` or `?key=` in the page's address goes with the media addresses. */
export function mediaPath(protocol: ProtocolId, name: string): string {
  const given = new URLSearchParams(location.search)
  const passed = new URLSearchParams()
  for (const key of ['token', 'key']) {
    const value = given.get(key)
    if (value !== null) passed.set(key, value)
  }
  const path = PROTOCOLS[protocol].path(name)
  return passed.size > 0 ? `${path}?${passed}` : path
}
