import type { HlsAudioRendition, HlsClosedCaptions, HlsMultivariantPlaylist, HlsVariant } from './playlist.ts'

/**
 * Multivariant playlist as text. RFC 8216bis, 4.4.6. Version 6, that of the media playlists it leads to: nothing in
 * it asks for more than version 1.
 */
export function formatMultivariantPlaylist(playlist: HlsMultivariantPlaylist): string {
  const lines = ['#EXTM3U', '#EXT-X-VERSION:6']
  if (playlist.independentSegments) lines.push('#EXT-X-INDEPENDENT-SEGMENTS')
  for (const rendition of playlist.audio) lines.push(`#EXT-X-MEDIA:${mediaAttributes(rendition)}`)
  for (const captions of playlist.captions ?? []) lines.push(`#EXT-X-MEDIA:${captionsAttributes(captions)}`)
  for (const variant of playlist.variants) lines.push(`#EXT-X-STREAM-INF:${streamAttributes(variant)}`, variant.uri)
  for (const variant of playlist.iFrames ?? []) {
    lines.push(`#EXT-X-I-FRAME-STREAM-INF:${streamAttributes(variant)},URI=${quoted(variant.uri)}`)
  }
  for (const variant of playlist.images ?? []) {
    lines.push(`#EXT-X-IMAGE-STREAM-INF:${streamAttributes(variant)},URI=${quoted(variant.uri)}`)
  }
  return `${lines.join('\n')}\n`
}

/** RFC 8216bis, 4.4.6.1. */
function mediaAttributes(rendition: HlsAudioRendition): string {
  return attributeList([
    ['TYPE', 'AUDIO'],
    ['GROUP-ID', quoted(rendition.groupId)],
    ['NAME', quoted(rendition.name)],
    ['LANGUAGE', rendition.language && quoted(rendition.language)],
    ['DEFAULT', rendition.isDefault ? 'YES' : 'NO'],
    // DEFAULT=YES asks for AUTOSELECT=YES.
    ['AUTOSELECT', rendition.autoselect || rendition.isDefault ? 'YES' : 'NO'],
    ['CHANNELS', rendition.channelCount && quoted(`${rendition.channelCount}`)],
    ['URI', rendition.uri && quoted(rendition.uri)],
  ])
}

function captionsAttributes({ groupId, name, instreamId, isDefault }: HlsClosedCaptions): string {
  return attributeList([
    ['TYPE', 'CLOSED-CAPTIONS'],
    ['GROUP-ID', quoted(groupId)],
    ['NAME', quoted(name)],
    ['DEFAULT', isDefault ? 'YES' : 'NO'],
    ['AUTOSELECT', 'YES'],
    ['INSTREAM-ID', quoted(instreamId)],
  ])
}

/** RFC 8216bis, 4.4.6.2. */
function streamAttributes(variant: HlsVariant): string {
  const { resolution, averageBandwidthBps, closedCaptions } = variant
  return attributeList([
    ['BANDWIDTH', `${Math.max(1, Math.ceil(variant.bandwidthBps))}`],
    ['AVERAGE-BANDWIDTH', averageBandwidthBps && `${Math.max(1, Math.ceil(averageBandwidthBps))}`],
    ['CODECS', variant.codecs.length > 0 && quoted([...new Set(variant.codecs)].join(','))],
    ['RESOLUTION', resolution && `${resolution.widthPx}x${resolution.heightPx}`],
    ['FRAME-RATE', variant.frameRate?.toFixed(3)],
    ['VIDEO-RANGE', variant.videoRange?.toUpperCase()],
    ['AUDIO', variant.audioGroup && quoted(variant.audioGroup)],
    ['CLOSED-CAPTIONS', closedCaptions && (closedCaptions === 'none' ? 'NONE' : quoted(closedCaptions.groupId))],
  ])
}

type Attribute = readonly [name: string, value: string | false | 0 | undefined]

function attributeList(attributes: readonly Attribute[]): string {
  return attributes.flatMap(([name, value]) => (value ? [`${name}=${value}`] : [])).join(',')
}

/** A quoted-string holds neither quotes nor line ends. RFC 8216bis, 4.2. */
function quoted(text: string): string {
  return `"${text.replace(/["\r\n]/g, ' ')}"`
}
