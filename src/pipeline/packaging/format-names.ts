/** Whether a player says that it understands FourCCs. */
export type RtmpPlayerKind = 'enhanced' | 'classic'
/** Whether a viewer can have B-frames: pictures that come in another order than they are shown. */
export type PictureOrdering = 'any' | 'as-shown'

export const CMAF_FORMAT = 'cmaf'
const AS_SHOWN = '+as-shown'

/** Names of outputs: `flv`, `ws-flv`, …, `rtmp-1` and `rtmp-classic-1` (by message stream id), `cmaf`. */
export function rtmpFormat(messageStreamId: number, kind: RtmpPlayerKind): string {
  return kind === 'classic' ? `rtmp-classic-${messageStreamId}` : `rtmp-${messageStreamId}`
}
export function webSocketFormat(format: string): string {
  return `ws-${format}`
}
/** The same output for viewers of one kind: `flv+as-shown` never has B-frames. */
export function orderedFormat(format: string, ordering: PictureOrdering): string {
  return ordering === 'as-shown' ? `${format}${AS_SHOWN}` : format
}
export function isAsShown(format: string): boolean {
  return format.endsWith(AS_SHOWN)
}
export function withoutOrder(format: string): string {
  return isAsShown(format) ? format.slice(0, -AS_SHOWN.length) : format
}
