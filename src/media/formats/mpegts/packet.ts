/** Transport packet. ISO/IEC 13818-1, 2.4.3.2. */
export const PACKET_BYTES = 188
export const HEADER_BYTES = 4
export const SYNC_BYTE = 0x47
export const PID_COUNT = 8192
export const PAT_PID = 0
export const NULL_PID = 0x1fff
/** Ticks after which 33-bit times start again. */
export const TIME_RANGE_TICKS = 2 ** 33
