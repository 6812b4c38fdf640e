import assert from 'node:assert/strict'
import { test } from 'node:test'
import { joinLengthPrefixed } from '../nal/index.ts'
import { CaptionServices } from './caption-services.ts'

type Construct = readonly [marker: number, first: number, second: number]

/** user_data_registered_itu_t_t35 with cc_data() as an encoder of ATSC A/53 writes it. */
function userData(constructs: readonly Construct[], flags = 0x40): number[] {
  const ccData = [flags | constructs.length, 0xff, ...constructs.flat(), 0xff]
  return [0xb5, 0x00, 0x31, 0x47, 0x41, 0x39, 0x34, 0x03, ...ccData]
}
function sei(header: readonly number[], payload: readonly number[]): Uint8Array {
  return Uint8Array.from([...header, 4, payload.length, ...payload, 0x80])
}
const H264 = { delimiter: [9, 0xf0], sei: [6], slice: [1, 2, 3] }
const H265 = { delimiter: [70, 1, 0x50], sei: [78, 1], slice: [2, 1, 3] }

function h264Unit(constructs: readonly Construct[]): Uint8Array {
  const units = [H264.delimiter, sei(H264.sei, userData(constructs)), H264.slice]
  return joinLengthPrefixed(units.map((unit) => Uint8Array.from(unit)))
}
function foundIn(...units: readonly Uint8Array[]): readonly string[] {
  const services = new CaptionServices()
  for (const unit of units) services.see('h264', unit)
  return services.found
}

test('the channels of both fields of CEA-608 are known by their control codes, with odd parity', () => {
  // Resume caption loading in each channel: 14 20, 1C 20, 15 20, 1D 20.
  assert.deepEqual(foundIn(h264Unit([[0xfc, 0x94, 0x20]])), ['CC1'])
  assert.deepEqual(foundIn(h264Unit([[0xfc, 0x1c, 0x20]])), ['CC2'])
  assert.deepEqual(foundIn(h264Unit([[0xfd, 0x15, 0x20]]), h264Unit([[0xfd, 0x9d, 0x20]])), ['CC3', 'CC4'])
})

test('a service of CEA-708 is known by the start of its packet', () => {
  const packet: Construct[] = [
    [0xff, 0x02, 0x21],
    [0xfe, 0x41, 0x00],
  ]
  assert.deepEqual(foundIn(h264Unit(packet)), ['SERVICE1'])
  assert.deepEqual(foundIn(h264Unit([[0xff, 0x02, 0x62]])), ['SERVICE3'])
})

test('padding, text without a control code and what is marked as not valid are no captions', () => {
  const nothing: Construct[] = [
    [0xfc, 0x80, 0x80],
    [0xfc, 0x41, 0x42],
    [0xf8, 0x94, 0x20],
    [0xfb, 0x02, 0x21],
    [0xff, 0x02, 0x00],
    [0xfe, 0x02, 0x21],
  ]
  assert.deepEqual(foundIn(h264Unit(nothing)), [])
})

test('they are found in SEI messages of H.265 and in metadata of AV1, and behind emulation prevention', () => {
  const services = new CaptionServices()
  const payload = userData([[0xfc, 0x94, 0x20]])
  const h265 = [H265.delimiter, sei(H265.sei, payload), H265.slice].map((unit) => Uint8Array.from(unit))
  services.see('h265', joinLengthPrefixed(h265))
  assert.deepEqual(services.found, ['CC1'])
  const metadata = [4, ...userData([[0xfd, 0x15, 0x20]]), 0x80]
  services.see('av1', Uint8Array.from([(5 << 3) | 2, metadata.length, ...metadata]))
  assert.deepEqual(services.found, ['CC1', 'CC3'])
  // 00 00 03 stands for 00 00: it is a construct of zeros, and one more.
  const escaped = [...userData([]).slice(0, 8), 0x42, 0xff, 0xfc, 0x00, 0x00, 0x03, 0xfc, 0x94, 0x20]
  assert.deepEqual(foundIn(joinLengthPrefixed([sei(H264.sei, escaped), Uint8Array.from(H264.slice)])), ['CC1'])
})

test('other user data, other codecs and what stands behind the picture are not looked at', () => {
  const services = new CaptionServices()
  const payload = userData([[0xfc, 0x94, 0x20]])
  services.see('vp9', h264Unit([[0xfc, 0x94, 0x20]]))
  services.see('h264', joinLengthPrefixed([Uint8Array.from(H264.slice), sei(H264.sei, payload)]))
  services.see('h264', joinLengthPrefixed([sei(H264.sei, payload.with(4, 0x42)), Uint8Array.from(H264.slice)]))
  services.see('h264', joinLengthPrefixed([sei(H264.sei, userData([[0xfc, 0x94, 0x20]], 0))]))
  services.see('av1', Uint8Array.from([0xff, 0xff, 0xff]))
  assert.deepEqual(services.found, [])
})
