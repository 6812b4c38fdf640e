import assert from 'node:assert/strict'
import { describe, it } from 'node:test'
import { ByteWriter } from '../../bytes/index.ts'
import { MalformedInputError, UnsupportedInputError } from '../../errors.ts'
import type { Track } from '../../model/index.ts'
import { box, readBoxes, readBoxHeader, readerOf } from './box.ts'
import { esds, readEsds } from './boxes/esds.ts'
import { writeInitSegment } from './init-segment.ts'
import { packLanguage, unpackLanguage } from './language.ts'
import { readInitSegment } from './read-movie.ts'
import { ALL_TRACKS, TRACK_OF } from './testing/tracks.ts'

/** VP8 and VP9 records have no picture size and frame rates are not in the file: both sides as plain values. */
function plain(tracks: readonly Track[]): unknown[] {
  return tracks.map((track) => ({ ...track, config: Buffer.from(track.config).toString('hex') }))
}

function sizesOf(bytes: Uint8Array): [string, number][] {
  return [...readBoxes(readerOf(bytes))].map(({ type, sizeBytes }) => [type, sizeBytes])
}

describe('an initialization segment', () => {
  for (const track of ALL_TRACKS) {
    it(`of ${track.codec} reads back as it was`, () => {
      const read = readInitSegment(writeInitSegment([track]))
      const expected = track.codec === 'h265' ? { ...track, widthPx: 0, heightPx: 0 } : track
      const found = track.codec === 'h265' ? read.map((each) => ({ ...each, widthPx: 0, heightPx: 0 })) : read
      assert.deepEqual(plain(found), plain([expected]))
    })
  }

  it('holds many tracks, with their ids and languages', () => {
    const tracks = [
      { ...TRACK_OF.h264, language: 'en' },
      { ...TRACK_OF.aac, id: 77, language: 'de-AT' },
      { ...TRACK_OF.opus, language: 'gsw' },
    ]
    assert.deepEqual(plain(readInitSegment(writeInitSegment(tracks))), plain(tracks))
  })

  it('carries the CMAF brand for one track alone', () => {
    const brandsOf = (tracks: Track[]) => Buffer.from(writeInitSegment(tracks).subarray(8, 40)).toString('latin1')
    assert.match(brandsOf([TRACK_OF.h264]), /^iso6.*cmfc/s)
    assert.doesNotMatch(brandsOf([TRACK_OF.h264, TRACK_OF.aac]), /cmfc/)
    assert.match(brandsOf([TRACK_OF.av1]), /av01/)
  })

  it('is ftyp and moov and nothing else', () => {
    const bytes = writeInitSegment(ALL_TRACKS)
    const sizes = sizesOf(bytes)
    assert.deepEqual(
      sizes.map(([type]) => type),
      ['ftyp', 'moov'],
    )
    assert.equal(sizes[0]?.[1], 8 + 8 + 3 * 4)
  })

  it('says which box is missing or cut', () => {
    const bytes = writeInitSegment([TRACK_OF.aac])
    for (let length = 0; length < bytes.length; length++) {
      assert.throws(() => readInitSegment(bytes.subarray(0, length)), MalformedInputError)
    }
  })

  it('leaves out tracks of unknown codecs while another is known', () => {
    const bytes = writeInitSegment([TRACK_OF.h264, TRACK_OF.aac])
    const unknown = Buffer.from(bytes.map((byte) => byte))
    unknown.write('xxxx', unknown.indexOf('mp4a'), 'latin1')
    assert.deepEqual(
      readInitSegment(unknown).map((track) => track.codec),
      ['h264'],
    )
    unknown.write('yyyy', unknown.indexOf('avc1'), 'latin1')
    assert.throws(() => readInitSegment(unknown), UnsupportedInputError)
  })
})

describe('boxes', () => {
  const HEADERS = [
    { name: 'a size', bytes: [0, 0, 0, 8, 0x66, 0x72, 0x65, 0x65], header: { headerBytes: 8, sizeBytes: 8 } },
    {
      name: 'to the end',
      bytes: [0, 0, 0, 0, 0x66, 0x72, 0x65, 0x65],
      header: { headerBytes: 8, sizeBytes: undefined },
    },
    {
      name: 'a large size',
      bytes: [0, 0, 0, 1, 0x66, 0x72, 0x65, 0x65, 0, 0, 0, 1, 0, 0, 0, 0],
      header: { headerBytes: 16, sizeBytes: 2 ** 32 },
    },
  ]
  for (const { name, bytes, header } of HEADERS) {
    it(`are read with ${name}`, () => {
      assert.deepEqual(readBoxHeader(readerOf(Uint8Array.from(bytes))), { type: 'free', ...header })
    })
  }

  const BAD = [
    { name: 'smaller than their header', bytes: [0, 0, 0, 7, 0x66, 0x72, 0x65, 0x65] },
    { name: 'past their parent', bytes: [0, 0, 0, 9, 0x66, 0x72, 0x65, 0x65] },
    { name: 'past 2^53', bytes: [0, 0, 0, 1, 0x66, 0x72, 0x65, 0x65, 0xff, 0, 0, 0, 0, 0, 0, 0] },
    { name: 'cut in the header', bytes: [0, 0, 0, 9, 0x66] },
  ]
  for (const { name, bytes } of BAD) {
    it(`that are ${name} are malformed`, () => {
      assert.throws(() => [...readBoxes(readerOf(Uint8Array.from(bytes)))], MalformedInputError)
    })
  }

  it('nest as their writers do', () => {
    const w = new ByteWriter()
    box(w, 'outr', () => {
      box(w, 'innr', () => w.u32(7))
      w.u8(1)
    })
    assert.equal(
      Buffer.from(w.view()).toString('hex'),
      '000000156f757472 0000000c696e6e72 00000007 01'.replaceAll(' ', ''),
    )
  })

  it('esds keeps object type and decoder specific info', () => {
    for (const length of [0, 2, 40]) {
      const w = new ByteWriter()
      const stream = { objectTypeIndication: 0x40, decoderSpecificInfo: new Uint8Array(length).fill(9) }
      esds(w, stream)
      assert.deepEqual(readEsds(readerOf(w.copy().subarray(8))), stream)
    }
  })

  it('languages survive the 15 bits of mdhd', () => {
    for (const [tag, read] of [
      ['en', 'en'],
      ['de-AT', 'de'],
      ['gsw', 'gsw'],
      ['und', undefined],
      ['x', undefined],
      [undefined, undefined],
    ]) {
      assert.equal(unpackLanguage(packLanguage(tag)), read)
    }
    assert.equal(unpackLanguage(0), undefined)
  })
})
