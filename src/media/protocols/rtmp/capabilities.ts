import { type AmfRecord, type AmfValue, amfField, amfNumber, amfRecord } from '../../bytes/amf/index.ts'

/** Bits of capsEx. Enhanced RTMP v2, "Enhancing NetConnection connect Command". */
export const CAPS_EX = { reconnect: 1, multitrack: 2, modEx: 4, timestampNanoOffset: 8 } as const

/** FourCCs that can be forwarded, in Enhanced RTMP's own spelling. */
export const VIDEO_FOURCCS = ['avc1', 'hvc1', 'av01', 'vp08', 'vp09'] as const
export const AUDIO_FOURCCS = ['mp4a', 'Opus', '.mp3', 'ac-3', 'ec-3', 'fLaC'] as const

/** FourCcInfoMask.CanForward. */
const CAN_FORWARD = 4

/** What a peer says it understands, in its connect command. */
export type RtmpCapabilities = {
  /** FourCCs of all lists and maps together; `*` means any. Empty: a peer from before 2023. */
  readonly fourCcs: readonly string[]
  /** Bits of `CAPS_EX`. */
  readonly capsEx: number
}

/** Our side's fields: in the server's _result, and in the client's connect. */
export function capabilityFields(capsEx: number): AmfRecord {
  return {
    fourCcList: [...VIDEO_FOURCCS, ...AUDIO_FOURCCS],
    videoFourCcInfoMap: infoMap(VIDEO_FOURCCS),
    audioFourCcInfoMap: infoMap(AUDIO_FOURCCS),
    capsEx,
  }
}

export function readCapabilities(commandObject: AmfValue): RtmpCapabilities {
  const list = amfField(commandObject, 'fourCcList')
  const listed = Array.isArray(list) ? list.filter((entry) => typeof entry === 'string') : []
  const maps = ['videoFourCcInfoMap', 'audioFourCcInfoMap'].flatMap((name) =>
    Object.keys(amfRecord(amfField(commandObject, name)) ?? {}),
  )
  return { fourCcs: [...new Set([...listed, ...maps])], capsEx: amfNumber(commandObject, 'capsEx') ?? 0 }
}

function infoMap(fourCcs: readonly string[]): AmfRecord {
  return Object.fromEntries(fourCcs.map((fourCc) => [fourCc, CAN_FORWARD]))
}
