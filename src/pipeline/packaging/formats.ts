import { FlvMuxer, FlvRetimer, isSequenceStart } from '../../media/formats/flv/index.ts'
import { Fmp4Muxer, FragmentRetimer } from '../../media/formats/mp4/index.ts'
import { TsMuxer, TsRetimer } from '../../media/formats/mpegts/index.ts'
import type { Frame, Muxer, Retimer, Track } from '../../media/model/index.ts'
import { MessageRetimer } from '../../media/protocols/rtmp/index.ts'
import type { FrameContext, LogWriter, StreamConsumer, StreamOutput } from '../stream/index.ts'
import { ByteOutput, type Envelope } from './bytes/byte-output.ts'
import { OneFrameLate } from './bytes/one-frame-late.ts'
import { withoutOrder } from './format-names.ts'
import { RtmpMuxer } from './rtmp/rtmp-muxer.ts'
import { webSocketEnvelope } from './websocket/envelope.ts'
import { EnvelopeRetimer, withoutEnvelopes } from './websocket/envelope-retimer.ts'

/** The endless byte formats, by the file name extension of their address. */
export const PROGRESSIVE_FORMATS = {
  flv: {
    contentType: 'video/x-flv',
    muxer: (): Muxer => new FlvMuxer(),
    retimer: (): Retimer => new FlvRetimer(),
    needsDurations: false,
  },
  ts: {
    contentType: 'video/mp2t',
    muxer: (): Muxer => new TsMuxer(),
    retimer: (): Retimer => new TsRetimer(),
    needsDurations: false,
  },
  mp4: {
    contentType: 'video/mp4',
    muxer: (): Muxer => new Fmp4Muxer(),
    retimer: (opening: Uint8Array): Retimer => new FragmentRetimer(opening),
    needsDurations: true,
  },
} as const
export type ProgressiveFormat = keyof typeof PROGRESSIVE_FORMATS

const plain: Envelope = (parts) => parts

/** The packager of an endless byte format. Undefined for a name that is not one. */
export function makeByteOutput(output: string, newLog: () => LogWriter): StreamOutput | undefined {
  const format = withoutOrder(output)
  const rtmp = /^rtmp-(?:classic-)?(\d+)$/.exec(format)
  if (rtmp) return new ByteOutput(new RtmpMuxer(Number(rtmp[1])), newLog(), plain)
  const isWebSocket = format.startsWith('ws-')
  const name = isWebSocket ? format.slice(3) : format
  if (!Object.hasOwn(PROGRESSIVE_FORMATS, name)) return undefined
  const { muxer, needsDurations } = PROGRESSIVE_FORMATS[name as ProgressiveFormat]
  const bytes = new ByteOutput(muxer(), newLog(), isWebSocket ? webSocketEnvelope() : plain)
  return needsDurations ? new LateOutput(bytes) : bytes
}

/** Changes the times in the bytes of a format for viewers that were moved ahead. `opening`: what such a log begins with. */
export function makeRetimer(output: string, opening: Uint8Array): Retimer | undefined {
  const format = withoutOrder(output)
  if (format.startsWith('rtmp-')) return new MessageRetimer(isSequenceStart)
  const isWebSocket = format.startsWith('ws-')
  const name = isWebSocket ? format.slice(3) : format
  if (!Object.hasOwn(PROGRESSIVE_FORMATS, name)) return undefined
  const { retimer } = PROGRESSIVE_FORMATS[name as ProgressiveFormat]
  return isWebSocket ? new EnvelopeRetimer(retimer(withoutEnvelopes(opening))) : retimer(opening)
}

/** A byte output that gets every video frame with its exact duration, one frame late. */
class LateOutput implements StreamOutput {
  readonly log: LogWriter
  readonly #late: StreamConsumer

  constructor(output: StreamOutput) {
    this.log = output.log
    this.#late = new OneFrameLate(output)
  }
  onTracks(tracks: readonly Track[]): void {
    this.#late.onTracks(tracks)
  }
  onFrame(frame: Frame, context: FrameContext): void {
    this.#late.onFrame(frame, context)
  }
  onDiscontinuity(): void {
    this.#late.onDiscontinuity()
  }
  onEnd(): void {
    this.#late.onEnd()
  }
}
