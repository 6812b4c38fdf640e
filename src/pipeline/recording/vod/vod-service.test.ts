import assert from 'node:assert/strict'
import { createServer } from 'node:http'
import type { AddressInfo } from 'node:net'
import { it } from 'node:test'
import type { BlobStore, RecordingDetail, SegmentFact } from '../../../platform/storage/index.ts'
import { VodService } from './vod-service.ts'

function detailOf(segmentCount: number): RecordingDetail {
  const video = { trackId: 1, kind: 'video', codec: 'h264', codecString: 'avc1.42c00c', clockRateHz: 1000 } as const
  const segments = Array.from(
    { length: segmentCount },
    (_, sequence): SegmentFact => ({
      recordingId: 'r',
      trackId: 1,
      sequence,
      initId: 0,
      startTicks: sequence * 1000,
      durationTicks: 1000,
      discontinuity: false,
      epochMs: sequence * 1000,
      byteLength: 4,
      targetSeconds: 1,
      keyframes: [],
      key: `blob ${sequence}`,
    }),
  )
  const inits = [{ recordingId: 'r', trackId: 1, initId: 0, key: 'init' }]
  return { id: 'r', stream: 'live/a', startedMs: 0, tracks: [video], inits, segments } as unknown as RecordingDetail
}

/** Every blob is its key. */
const STORE = {
  size: (key: string) => Promise.resolve(key.length),
  read: (key: string, from: number, to: number) => Promise.resolve(Buffer.from(key).subarray(from, to)),
} as unknown as BlobStore

it('has a segment of an open recording as soon as it is in the catalogue: another worker may have listed it', async (t) => {
  let segmentCount = 1
  let readCount = 0
  const service = new VodService({
    store: STORE,
    recording: async () => {
      readCount++
      return detailOf(segmentCount)
    },
    recordingsOf: async () => ['r'],
    membersOf: () => [],
    beside: { trickMode: false },
    nowMs: () => 0,
  })
  const server = createServer((request, response) => {
    service.serve(request, response, { id: 'r', file: request.url?.slice(1) ?? '' }).catch(() => {
      response.writeHead(404).end()
    })
  })
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve))
  t.after(() => server.close())
  const { port } = server.address() as AddressInfo
  const ask = async (file: string) => {
    const response = await fetch(`http://127.0.0.1:${port}/${file}`, { headers: { connection: 'close' } })
    return [response.status, await response.text()]
  }
  assert.deepEqual(await ask('t1-0.m4s'), [200, 'blob 0'])
  segmentCount = 2
  assert.deepEqual(await ask('t1-1.m4s'), [200, 'blob 1'])
  assert.equal((await ask('t1-2.m4s'))[0], 404)
  const before = readCount
  await Promise.all(Array.from({ length: 20 }, () => ask('index.m3u8')))
  assert.equal(readCount, before, 'lists are made of what was read')
})
