/** itu_t_t35_country_code of the United States, provider code of ATSC, user_identifier, user_data_type_code. ATSC A/53-4, 6.2.3. */
const OPENING = [0xb5, 0x00, 0x31, 0x47, 0x41, 0x39, 0x34, 0x03]
const HEADER_BYTES = OPENING.length + 2
const CONSTRUCT_BYTES = 3

/** Two bytes of captions. CTA-708-E, 4.3.5. */
export type CcConstruct = {
  /** cc_type: 0 and 1 are the fields of CEA-608, 3 starts a packet of CEA-708 and 2 continues it. */
  readonly type: number
  readonly first: number
  readonly second: number
}

/**
 * The valid constructs of cc_data() in user data registered by ITU-T T.35 (from the country code on); empty where it is
 * no such data. Cut off data gives what is there. ATSC A/53-4, 6.2.3.1.
 */
export function readCcData(payload: Uint8Array): CcConstruct[] {
  if (OPENING.some((byte, at) => payload[at] !== byte)) return []
  const flags = payload[OPENING.length] ?? 0
  const isProcessed = (flags & 0x40) !== 0
  const count = isProcessed ? flags & 31 : 0
  const constructs: CcConstruct[] = []
  for (let i = 0, at = HEADER_BYTES; i < count && at + 2 < payload.length; i++, at += CONSTRUCT_BYTES) {
    const marker = payload[at] ?? 0
    const isValid = (marker & 4) !== 0
    if (isValid) constructs.push({ type: marker & 3, first: payload[at + 1] ?? 0, second: payload[at + 2] ?? 0 })
  }
  return constructs
}
