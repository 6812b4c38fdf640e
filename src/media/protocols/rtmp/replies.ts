import type { AmfRecord, AmfValue } from '../../bytes/amf/index.ts'
import { joinParts } from './chunk-writer.ts'
import { commandBytes, userControlBytes } from './command.ts'
import { USER_CONTROL } from './messages.ts'

export type StatusLevel = 'status' | 'warning' | 'error'

/** onStatus of a stream, or of the connection on stream 0. RTMP 1.0, 7.2.2. */
export function statusBytes(
  messageStreamId: number,
  level: StatusLevel,
  code: string,
  description: string,
): Uint8Array {
  return commandBytes(messageStreamId, ['onStatus', 0, null, { level, code, description }])
}

/** _result of a call. 7.2.1. */
export function resultBytes(transactionId: number, ...values: readonly AmfValue[]): Uint8Array {
  return commandBytes(0, ['_result', transactionId, ...values])
}

/** _error of a call. */
export function errorBytes(transactionId: number, code: string, description: string): Uint8Array {
  return commandBytes(0, ['_error', transactionId, null, { level: 'error', code, description }])
}

/** _result of connect: server properties with our capabilities, and the status. 7.2.1.1; Enhanced RTMP v2. */
export function connectedBytes(transactionId: number, capabilities: AmfRecord, objectEncoding: number): Uint8Array {
  const properties = { fmsVer: 'FMS/3,5,7,7009', capabilities: 31, mode: 1, ...capabilities }
  const code = 'NetConnection.Connect.Success'
  const status = { level: 'status', code, description: 'Connection succeeded.', objectEncoding }
  return resultBytes(transactionId, properties, status)
}

/**
 * What players wait for before media, in the order that Flash Media Server keeps. 7.2.2.1. Its data messages
 * (|RtmpSampleAccess, NetStream.Data.Start) are left out: Flash alone used them, and FFmpeg shows them as a third stream.
 */
export function playStartBytes(messageStreamId: number): Uint8Array {
  return joinParts([
    userControlBytes(USER_CONTROL.streamBegin, messageStreamId),
    statusBytes(messageStreamId, 'status', 'NetStream.Play.Reset', 'Playing and resetting stream.'),
    statusBytes(messageStreamId, 'status', 'NetStream.Play.Start', 'Started playing stream.'),
  ])
}

/** The publisher has gone. */
export function playEndBytes(messageStreamId: number): Uint8Array {
  return joinParts([
    statusBytes(messageStreamId, 'status', 'NetStream.Play.UnpublishNotify', 'The stream has ended.'),
    statusBytes(messageStreamId, 'status', 'NetStream.Play.Stop', 'Stopped playing stream.'),
    userControlBytes(USER_CONTROL.streamEof, messageStreamId),
  ])
}
