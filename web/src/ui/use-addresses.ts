import { useEffect, useState } from 'preact/hooks'
import { DEFAULT_RTMP_PORT, fetchServerInfo } from '../api/client.ts'

let rtmpPort: number | undefined

/** `rtmp://host` or `rtmp://host:port`, as this page's visitor reaches the server. */
export function useRtmpBase(): string {
  const [port, setPort] = useState(rtmpPort ?? DEFAULT_RTMP_PORT)
  useEffect(() => {
    if (rtmpPort !== undefined) return
    const controller = new AbortController()
    fetchServerInfo(controller.signal).then(
      (info) => {
        rtmpPort = info.rtmpPort
        setPort(info.rtmpPort)
      },
      () => {},
    )
    return () => controller.abort()
  }, [])
  return port === DEFAULT_RTMP_PORT ? `rtmp://${location.hostname}` : `rtmp://${location.hostname}:${port}`
}

export type OutputAddress = { readonly label: string; readonly text: string }

/** Every address at which a stream can be played. */
export function outputAddresses(name: string, rtmpBase: string): OutputAddress[] {
  const ws = location.origin.replace(/^http/, 'ws')
  return [
    { label: 'HLS', text: `${location.origin}/${name}/index.m3u8` },
    { label: 'HTTP-FLV', text: `${location.origin}/${name}.flv` },
    { label: 'WS-FLV', text: `${ws}/${name}.flv` },
    { label: 'MPEG-TS', text: `${location.origin}/${name}.ts` },
    { label: 'MP4', text: `${location.origin}/${name}.mp4` },
    { label: 'RTMP', text: `${rtmpBase}/${name}` },
  ]
}
