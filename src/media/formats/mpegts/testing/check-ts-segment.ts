const PACKET_BYTES = 188
const PAT_PID = 0
const PMT_PID = 0x1000
/** ISO/IEC 13818-1, 2.7.2: at most 100 ms between two PCRs. */
const MAX_PCR_STEP_TICKS = 9000

export type TsPacket = {
  readonly pid: number
  readonly counter: number
  readonly hasPayload: boolean
  readonly starts: boolean
  readonly isDiscontinuity: boolean
  readonly isRandomAccess: boolean
  /** 90 kHz. */
  readonly pcr: number | undefined
  readonly scrambled: boolean
}
/** The last counter of each PID, from one segment to the next. */
export type TsCounters = Map<number, number>

type Segment = { readonly bytes: Uint8Array; readonly packets: readonly TsPacket[]; readonly before: TsCounters }
type Rule = { readonly name: string; readonly clause: string; problems(segment: Segment): string[] }

const RULES: readonly Rule[] = [
  {
    name: 'packets',
    clause: '13818-1, 2.4.3.2',
    problems: ({ bytes }) => {
      const lost = Array.from({ length: bytes.length / PACKET_BYTES }, (_, at) => at).filter(
        (at) => bytes[at * PACKET_BYTES] !== 0x47,
      )
      return [...(bytes.length % PACKET_BYTES ? [`${bytes.length} bytes`] : []), ...lost.map((at) => `packet ${at}`)]
    },
  },
  {
    name: 'tables-first',
    clause: 'RFC 8216bis, 3.1.1',
    problems: ({ packets: [first, second] }) =>
      first?.pid === PAT_PID && second?.pid === PMT_PID ? [] : [`starts with PIDs ${first?.pid}, ${second?.pid}`],
  },
  {
    name: 'not-scrambled',
    clause: '13818-1, 2.4.3.3',
    problems: ({ packets }) => (packets.some(({ scrambled }) => scrambled) ? ['a scrambled packet'] : []),
  },
  { name: 'continuity', clause: '13818-1, 2.4.3.3', problems: continuity },
  {
    name: 'pes-start',
    clause: 'RFC 8216bis, 3.1.1',
    problems: ({ packets }) => {
      const pids = new Set(packets.map(({ pid }) => pid))
      return [...pids].flatMap((pid) => {
        const first = packets.find((packet) => packet.pid === pid && packet.hasPayload)
        return first?.starts ? [] : [`PID ${pid} starts in the middle`]
      })
    },
  },
  {
    name: 'random-access',
    clause: '13818-1, 2.4.3.5',
    problems: ({ packets }) => {
      const first = packets.find(({ pcr, starts }) => pcr !== undefined && starts)
      return first?.isRandomAccess ? [] : ['the track with the PCR does not start with a key frame']
    },
  },
  { name: 'pcr', clause: '13818-1, 2.7.2', problems: clock },
]

/**
 * The rules for a segment of HLS that an MPEG-TS breaks, each as `name (clause): what`; empty for a good one. `before`
 * is what the segment before has left, and gets what this one leaves.
 */
export function checkTsSegment(bytes: Uint8Array, before: TsCounters): string[] {
  const count = Math.floor(bytes.length / PACKET_BYTES)
  const packets = Array.from({ length: count }, (_, at) =>
    readPacket(bytes.subarray(at * PACKET_BYTES, (at + 1) * PACKET_BYTES)),
  )
  return RULES.flatMap(({ name, clause, problems }) =>
    problems({ bytes, packets, before }).map((problem) => `${name} (${clause}): ${problem}`),
  )
}

function readPacket(p: Uint8Array): TsPacket {
  const at = (index: number) => p[index] ?? 0
  const flags = (at(3) & 0x20) !== 0 && at(4) > 0 ? at(5) : 0
  const hasPcr = (flags & 0x10) !== 0
  return {
    pid: ((at(1) & 31) << 8) | at(2),
    counter: at(3) & 15,
    hasPayload: (at(3) & 0x10) !== 0,
    starts: (at(1) & 0x40) !== 0,
    isDiscontinuity: (flags & 0x80) !== 0,
    isRandomAccess: (flags & 0x40) !== 0,
    scrambled: at(3) >> 6 !== 0,
    pcr: hasPcr ? at(6) * 2 ** 25 + at(7) * 2 ** 17 + at(8) * 2 ** 9 + at(9) * 2 + (at(10) >> 7) : undefined,
  }
}

/** Goes on from packet to packet and from segment to segment, or says that it does not. */
function continuity({ packets, before }: Segment): string[] {
  return packets.flatMap(({ pid, counter, hasPayload, isDiscontinuity }, at) => {
    if (!hasPayload) return []
    const last = before.get(pid)
    before.set(pid, counter)
    const goesOn = last === undefined || isDiscontinuity || counter === ((last + 1) & 15)
    return goesOn ? [] : [`packet ${at}: counter ${counter} of PID ${pid} behind ${last}`]
  })
}

function clock({ packets }: Segment): string[] {
  const clocks = packets.flatMap(({ pcr }) => pcr ?? [])
  if (clocks.length === 0) return ['no PCR']
  return clocks.flatMap((pcr, at) => {
    const step = pcr - (clocks[at - 1] ?? pcr)
    return step >= 0 && step <= MAX_PCR_STEP_TICKS ? [] : [`a step of ${step / 90} ms`]
  })
}
