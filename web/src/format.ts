/** Values as a person reads them. Everything here is pure. */

const CODEC_NAMES: Readonly<Record<string, string>> = {
  h264: 'H.264',
  h265: 'H.265',
  hevc: 'H.265',
  vp8: 'VP8',
  vp9: 'VP9',
  av1: 'AV1',
  aac: 'AAC',
  opus: 'Opus',
  mp3: 'MP3',
  ac3: 'AC-3',
  eac3: 'E-AC-3',
  pcma: 'G.711 A-law',
  pcmu: 'G.711 µ-law',
  flac: 'FLAC',
}

const PROTOCOL_NAMES: Readonly<Record<string, string>> = {
  rtmp: 'RTMP',
  rtmps: 'RTMPS',
  rtsp: 'RTSP',
  srt: 'SRT',
  hls: 'HLS',
  dash: 'DASH',
  whip: 'WHIP',
  whep: 'WHEP',
  webrtc: 'WebRTC',
  udp: 'UDP',
  demo: 'Built-in demo',
  'http-flv': 'HTTP-FLV',
  'http-ts': 'HTTP-TS',
  'http-mp4': 'HTTP-MP4',
  'ws-flv': 'WS-FLV',
  'ws-ts': 'WS-TS',
  'ws-mp4': 'WS-MP4',
}

export function formatCodec(codec: string): string {
  return CODEC_NAMES[codec.toLowerCase()] ?? codec
}
export function formatProtocol(protocol: string): string {
  return PROTOCOL_NAMES[protocol.toLowerCase()] ?? protocol.toUpperCase()
}

/** `2.6 Mbit/s`, `124 kbit/s`. */
export function formatBitrate(bitsPerSecond: number): string {
  if (bitsPerSecond <= 0) return '0 kbit/s'
  if (bitsPerSecond < 999_500) return `${Math.max(1, Math.round(bitsPerSecond / 1000))} kbit/s`
  const megabits = bitsPerSecond / 1e6
  return `${megabits < 99.95 ? megabits.toFixed(1) : Math.round(megabits)} Mbit/s`
}

const BYTE_UNITS = ['B', 'kB', 'MB', 'GB', 'TB', 'PB'] as const

/** Decimal units: `1.4 MB`. */
export function formatBytes(byteLength: number): string {
  let value = Math.max(0, byteLength)
  let unit = 0
  while (value >= 999.5 && unit < BYTE_UNITS.length - 1) {
    value /= 1000
    unit += 1
  }
  const digits = unit === 0 || value >= 99.95 ? 0 : 1
  return `${value.toFixed(digits)} ${BYTE_UNITS[unit]}`
}

/** `0:07`, `12:34`, `1:02:03`. */
export function formatClock(seconds: number): string {
  const whole = Math.max(0, Math.floor(seconds))
  const two = (value: number) => String(value).padStart(2, '0')
  const hours = Math.floor(whole / 3600)
  const minutes = Math.floor((whole % 3600) / 60)
  return hours > 0 ? `${hours}:${two(minutes)}:${two(whole % 60)}` : `${minutes}:${two(whole % 60)}`
}

/** Coarse, so that it does not change with every poll: `8 s`, `4 min`, `3 h 12 min`, `2 d 5 h`. */
export function formatUptime(seconds: number): string {
  const whole = Math.max(0, Math.floor(seconds))
  if (whole < 60) return `${whole} s`
  const minutes = Math.floor(whole / 60)
  if (minutes < 60) return `${minutes} min`
  const hours = Math.floor(minutes / 60)
  if (hours < 24) return minutes % 60 ? `${hours} h ${minutes % 60} min` : `${hours} h`
  const days = Math.floor(hours / 24)
  return hours % 24 ? `${days} d ${hours % 24} h` : `${days} d`
}

/** `29.97`, `30`. */
export function formatFrameRate(framesPerSecond: number): string {
  const rounded = Math.round(framesPerSecond * 100) / 100
  return String(rounded)
}

export function formatCount(count: number, singular: string, plural = `${singular}s`): string {
  return `${count.toLocaleString('en')} ${count === 1 ? singular : plural}`
}

/** One or two letters that stand for a stream: `live/demo` → `DE`, `live/north-gate` → `NG`. */
export function initialsOf(name: string): string {
  const last = name.split('/').at(-1) ?? name
  const words = last.split(/[^A-Za-z0-9]+/).filter(Boolean)
  const [first = '?', second] = words
  return (second ? `${first.charAt(0)}${second.charAt(0)}` : first.slice(0, 2)).toUpperCase()
}

/** A stable hue (0–359) for a name. FNV-1a, 32 bit. */
export function hueOf(name: string): number {
  let hash = 0x811c9dc5
  for (let i = 0; i < name.length; i++) hash = Math.imul(hash ^ name.charCodeAt(i), 0x01000193)
  return (hash >>> 0) % 360
}
