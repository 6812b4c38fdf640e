import { crc32 } from '../crc32.ts'
import { TsDemuxer } from '../demuxer.ts'
import { readPesHeader } from '../pes-header.ts'
import { readProgramAssociation, readProgramMap } from '../program-tables.ts'
import { muxed } from './collect.ts'
import { AV1, interleaved, OPUS, opusFrame, videoFrame } from './samples.ts'

/** One parser and what it is fed from; `run` may throw a MillraceError and nothing else. */
export type FuzzTarget = { name: string; seeds: Uint8Array[]; run(bytes: Uint8Array): void }

const { tracks, frames } = interleaved(4)
const av1Frame = { ...videoFrame(0, 1), data: Uint8Array.from([...AV1.config.subarray(4), 0x32, 3, 0x10, 0, 1]) }
const streams = [
  muxed(tracks, frames),
  muxed(
    [OPUS],
    [0, 1, 2].map((index) => opusFrame(index, 300)),
  ),
  muxed([AV1], [av1Frame]),
]

function demux(bytes: Uint8Array): void {
  const demuxer = new TsDemuxer({ onTrack() {}, onFrame() {} })
  demuxer.push(bytes)
  demuxer.flush()
}

/** Sections with their CRC made right again, so that damage gets past it. */
function demuxRepaired(bytes: Uint8Array): void {
  const copy = bytes.slice()
  for (let at = 0; at + 188 <= copy.length; at += 188) {
    copy[at] = 0x47
    const pid = (((copy[at + 1] ?? 0) & 31) << 8) | (copy[at + 2] ?? 0)
    const end = at + 8 + ((((copy[at + 6] ?? 0) & 15) << 8) | (copy[at + 7] ?? 0))
    if ((pid === 0 || pid === 0x1000) && end >= at + 12 && end <= at + 188) {
      new DataView(copy.buffer).setUint32(end - 4, crc32(copy, at + 5, end - 4))
    }
  }
  demux(copy)
}

export const FUZZ_TARGETS: FuzzTarget[] = [
  { name: 'mpegts/demuxer', seeds: streams, run: demux },
  { name: 'mpegts/demuxer with repaired sections', seeds: streams, run: demuxRepaired },
  { name: 'mpegts/tables', seeds: [...streams.map((bytes) => bytes.slice(5, 40))], run: readTables },
  {
    name: 'mpegts/pes',
    seeds: [Uint8Array.of(0, 0, 1, 0xe0, 0, 0, 0x80, 0xc0, 10, ...new Uint8Array(12))],
    run: readPesHeader,
  },
]

function readTables(bytes: Uint8Array): void {
  readProgramAssociation(bytes)
  readProgramMap(bytes)
}
