/** Chunk streams in hexadecimal and their messages as `type stream time payload`. */
export const CHUNK_CASES: readonly { name: string; bytes: string; messages: readonly string[] }[] = [
  { name: 'one full header', bytes: '03 000010 000002 14 01000000 aabb', messages: ['20 1 16 aabb'] },
  {
    name: 'all four header types on one chunk stream',
    bytes: `04 000064 000001 08 01000000 aa
            44 00000a 000002 09 bbcc
            84 000014 ddee
            c4 ff00`,
    messages: ['8 1 100 aa', '9 1 110 bbcc', '9 1 130 ddee', '9 1 150 ff00'],
  },
  {
    name: 'type 3 behind type 0 repeats the time as a step',
    bytes: '04 000014 000001 08 01000000 aa c4 bb',
    messages: ['8 1 20 aa', '8 1 40 bb'],
  },
  { name: 'two-byte chunk stream id', bytes: '00 ff 000000 000001 08 01000000 aa', messages: ['8 1 0 aa'] },
  { name: 'three-byte chunk stream id', bytes: '01 ffff 000000 000001 08 01000000 aa', messages: ['8 1 0 aa'] },
  {
    name: 'interleaved chunk streams behind a changed chunk size',
    bytes: `02 000000 000004 01 00000000 00000002
            04 000000 000003 08 01000000 aabb
            06 000000 000004 09 01000000 1122
            c4 cc
            c6 3344`,
    messages: ['8 1 0 aabbcc', '9 1 0 11223344'],
  },
  {
    name: 'extended timestamp, repeated in the continuation',
    bytes: `02 000000 000004 01 00000000 00000002
            04 ffffff 000003 08 01000000 01000000 aabb
            c4 01000000 cc`,
    messages: ['8 1 16777216 aabbcc'],
  },
  {
    name: 'extended timestamp, not repeated in the continuations',
    bytes: `02 000000 000004 01 00000000 00000004
            04 ffffff 00000a 08 01000000 01000000 aabbccdd
            c4 11223344 c4 5566`,
    messages: ['8 1 16777216 aabbccdd112233445566'],
  },
  {
    name: 'extended step',
    bytes: '04 000001 000001 08 01000000 aa 44 ffffff 000001 08 01000000 bb',
    messages: ['8 1 1 aa', '8 1 16777217 bb'],
  },
  {
    name: 'an aborted message',
    bytes: `02 000000 000004 01 00000000 00000002
            04 000000 000003 08 01000000 aabb
            02 000000 000004 02 00000000 0000
            c2 0004
            04 000000 000001 08 01000000 99`,
    messages: ['8 1 0 99'],
  },
  { name: 'an empty message', bytes: '04 000000 000000 08 01000000 c4', messages: ['8 1 0 ', '8 1 0 '] },
]
