import { MalformedInputError } from '../../errors.ts'
import type { VideoCodecId } from '../../model/index.ts'
import { type CcConstruct, readCcData } from './cc-data.ts'
import { t35Payloads } from './t35-payloads.ts'

/** INSTREAM-ID of RFC 8216bis, 4.4.6.1: a channel of CEA-608 (`CC1` to `CC4`) or a service of CEA-708 (`SERVICE1` …). */
export type CaptionServiceId = `CC${number}` | `SERVICE${number}`

const PARITY = 0x7f
const DTVCC_START = 3
/** service_number: 7 is an extended header, 0 is stuffing. CTA-708-E, 6.2. */
const LAST_PLAIN_SERVICE = 6

/** Which closed captions a video track has been seen to carry. */
export class CaptionServices {
  readonly #found = new Set<CaptionServiceId>()

  /** In order of their names. */
  get found(): readonly CaptionServiceId[] {
    return [...this.#found].sort()
  }
  /** `unit`: an access unit in canonical form. What is damaged counts as nothing. */
  see(codec: VideoCodecId, unit: Uint8Array): void {
    try {
      for (const payload of t35Payloads(codec, unit))
        for (const construct of readCcData(payload)) {
          const id = serviceOf(construct)
          if (id !== undefined) this.#found.add(id)
        }
    } catch (error) {
      if (!(error instanceof MalformedInputError)) throw error
    }
  }
}

/**
 * Only what says whose it is: of CEA-608 a control code (CTA-608-E, 8.4: 10 to 17 for the first channel of the field, 18
 * to 1F for the second), of CEA-708 the first service block of a packet.
 */
function serviceOf({ type, first, second }: CcConstruct): CaptionServiceId | undefined {
  if (type < 2) {
    const code = first & PARITY
    if (code < 0x10 || code > 0x1f) return undefined
    return `CC${1 + 2 * type + (code >= 0x18 ? 1 : 0)}`
  }
  const service = second >> 5
  return type === DTVCC_START && service >= 1 && service <= LAST_PLAIN_SERVICE ? `SERVICE${service}` : undefined
}
