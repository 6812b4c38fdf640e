import { FlvDemuxer, FlvTagDemuxer } from '../index.ts'
import { CollectingSink } from './collect.ts'
import { fileOf } from './file-of.ts'
import { TAG_CASES } from './tag-cases.ts'

export type FuzzTarget = { name: string; seeds: Uint8Array[]; run(bytes: Uint8Array): void }

/** Nothing but MillraceError may come out of these, whatever the bytes. */
export const FUZZ_TARGETS: FuzzTarget[] = [
  {
    name: 'flv/demuxer',
    seeds: TAG_CASES.map(({ tags }) => fileOf(tags)),
    run(bytes) {
      const demuxer = new FlvDemuxer(new CollectingSink())
      demuxer.push(bytes.subarray(0, bytes.length >> 1))
      demuxer.push(bytes.subarray(bytes.length >> 1))
      demuxer.flush()
    },
  },
  {
    name: 'flv/tag-demuxer',
    seeds: TAG_CASES.flatMap(({ tags }) => tags.map(([type, , body]) => Uint8Array.of(type, ...body))),
    run(bytes) {
      const demuxer = new FlvTagDemuxer(new CollectingSink())
      demuxer.onTag(bytes[0] ?? 0, 0, bytes.subarray(1))
      demuxer.onTag(bytes[0] ?? 0, 40, bytes.subarray(1))
    },
  },
]
