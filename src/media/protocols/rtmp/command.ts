import { type AmfValue, amfRecord, readAmf0Values, writeAmf0Values } from '../../bytes/amf/index.ts'
import { ByteWriter } from '../../bytes/index.ts'
import { MalformedInputError } from '../../errors.ts'
import { messageBytes } from './chunk-writer.ts'
import { CHUNK_STREAM, MESSAGE_TYPE, type RtmpMessage, USER_CONTROL } from './messages.ts'

/** A command message. RTMP 1.0, 7.1.1. */
export type RtmpCommand = {
  readonly name: string
  /** 0: no answer is expected. */
  readonly transactionId: number
  readonly messageStreamId: number
  /** Command object and optional arguments, in their order. */
  readonly args: readonly AmfValue[]
}

/** Limits of one command: far above what clients send, far below what hurts. */
const COMMAND_LIMITS = { maxDepth: 16, maxElements: 4096 }

/** Command messages of both encodings. An AMF3 one is AMF0 behind one byte, with AMF3 values marked as such. */
export function readCommand(message: RtmpMessage): RtmpCommand {
  const values = readAmf0Values(withoutAmf3Byte(message), COMMAND_LIMITS)
  const [name, transactionId, ...args] = values
  if (typeof name !== 'string') throw new MalformedInputError('command name', 0, 'is not a string')
  return {
    name,
    transactionId: typeof transactionId === 'number' ? transactionId : 0,
    messageStreamId: message.messageStreamId,
    args,
  }
}

/** The payload of a command or data message as AMF0. */
export function withoutAmf3Byte(message: RtmpMessage): Uint8Array {
  const isAmf3 = message.type === MESSAGE_TYPE.commandAmf3 || message.type === MESSAGE_TYPE.dataAmf3
  return isAmf3 && message.payload[0] === 0 ? message.payload.subarray(1) : message.payload
}

/** `@setDataFrame` as AMF0 string: what publishers put in front of the data that servers keep. */
const SET_DATA_FRAME = Uint8Array.from([2, 0, 13, ...Array.from('@setDataFrame', (c) => c.charCodeAt(0))])
/** A data message's body as FLV script tags hold it. */
export function withoutSetDataFrame(body: Uint8Array): Uint8Array {
  return SET_DATA_FRAME.every((byte, i) => body[i] === byte) ? body.subarray(SET_DATA_FRAME.length) : body
}

/** Room that the commands here never outgrow, apart from the strings in them. */
const COMMAND_BYTES = 4096

export function commandBytes(messageStreamId: number, values: readonly AmfValue[], chunkBytes?: number): Uint8Array {
  const writer = new ByteWriter(COMMAND_BYTES + 3 * textLength(values))
  writeAmf0Values(writer, values)
  const chunkStreamId = messageStreamId === 0 ? CHUNK_STREAM.command : CHUNK_STREAM.status
  const type = MESSAGE_TYPE.commandAmf0
  return messageBytes({ chunkStreamId, messageStreamId, type, timestampMs: 0, parts: [writer.view()] }, chunkBytes)
}

/** UTF-16 units of all strings, each at most three bytes of UTF-8. */
function textLength(values: readonly AmfValue[]): number {
  let length = 0
  for (const value of values) {
    if (typeof value === 'string') length += value.length
    else if (Array.isArray(value)) length += textLength(value as readonly AmfValue[])
    else length += textLength(Object.values(amfRecord(value) ?? {}))
  }
  return length
}

/** Protocol control messages: one 32-bit field, and the limit type of Set Peer Bandwidth. RTMP 1.0, 5.4. */
export function controlBytes(type: number, value: number, limitType?: number): Uint8Array {
  const writer = new ByteWriter(8)
  writer.u32(value)
  if (limitType !== undefined) writer.u8(limitType)
  return control(type, writer.view())
}

/** User control messages that carry one 32-bit field. RTMP 1.0, 7.1.7. */
export function userControlBytes(event: (typeof USER_CONTROL)[keyof typeof USER_CONTROL], value: number): Uint8Array {
  const writer = new ByteWriter(8)
  writer.u16(event)
  writer.u32(value)
  return control(MESSAGE_TYPE.userControl, writer.view())
}

/** 7.1.7, event 3: the only one with two fields. */
export function setBufferLengthBytes(messageStreamId: number, bufferMs: number): Uint8Array {
  const writer = new ByteWriter(16)
  writer.u16(USER_CONTROL.setBufferLength)
  writer.u32(messageStreamId)
  writer.u32(bufferMs)
  return control(MESSAGE_TYPE.userControl, writer.view())
}

function control(type: number, payload: Uint8Array): Uint8Array {
  const parts = [payload]
  return messageBytes({ chunkStreamId: CHUNK_STREAM.control, messageStreamId: 0, type, timestampMs: 0, parts })
}
