import type { Config } from '../platform/config/index.ts'
import type { BoundListener } from './worker-messages.ts'

/** What a person needs after the start: what to open, where to publish. */
export function welcome(config: Config, addresses: readonly BoundListener[]): string {
  const port = (name: string) => addresses.find(({ listener }) => listener === name)?.port
  const http = `http://localhost:${port('http')}`
  const lines = ['', `  Millrace is running. Open  ${http}/`]
  if (config.demo.enabled) {
    const stream = `${http}/${config.demo.name}`
    lines.push(
      '',
      `  Demo stream   ${stream}`,
      `                ${stream}/index.m3u8  ·  ${stream}.flv  ·  ${stream}.mp4`,
    )
  }
  lines.push('', `  Publish to    rtmp://localhost:${port('rtmp')}/live/NAME`)
  const isOpen = Object.values(config.streams).every(({ publishKey }) => publishKey === undefined)
  if (isOpen) lines.push('                (from this machine only; set streams."live/**".publishKey to let others in)')
  return `${lines.join('\n')}\n\n`
}
