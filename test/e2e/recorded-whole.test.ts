import assert from 'node:assert/strict'
import { test } from 'node:test'
import { viewHls } from '../interop/support/hls-viewer.ts'
import { HttpPublisher } from '../support/http-publisher.ts'
import { poll } from '../support/poll.ts'
import type { TestServer } from '../support/server.ts'
import { frameNumbers, SYNTHETIC_TRACKS, type SyntheticOptions } from '../support/synthetic.ts'
import { describeWorkers } from '../support/workers.ts'

const SETS = ['streams.**.record=true', 'streams.**.graceMs=0', 'streams.back/**.graceMs=20000', 'hls.segmentMs=1000']
/** Where the numbers of a second publisher start. */
const SECOND = 10_000
const FRAMES = 60

type Case = { readonly name: string; readonly title: string } & Required<
  Pick<SyntheticOptions, 'leadAudioFrames' | 'deltaFrames'>
>
const CASES: readonly Case[] = [
  { name: 'plain', title: 'a keyframe comes first', leadAudioFrames: 0, deltaFrames: 0 },
  {
    name: 'lead',
    title: 'audio comes a fifth of a second before the first picture',
    leadAudioFrames: 10,
    deltaFrames: 0,
  },
  { name: 'long', title: 'audio comes three seconds before the first picture', leadAudioFrames: 140, deltaFrames: 0 },
  {
    name: 'mid',
    title: 'the publisher starts in the middle of a group of pictures',
    leadAudioFrames: 3,
    deltaFrames: 12,
  },
]

type Recordings = { readonly recordings: readonly { readonly id: string; readonly isOpen: boolean }[] }

/** What the closed recording of `stream` holds, by both ways out. */
async function keptBy(server: TestServer, stream: string) {
  const id = await poll('the closed recording', async () => {
    const { recordings } = await server.json<Recordings>(`api/v1/recordings?stream=${encodeURIComponent(stream)}`)
    return recordings.find(({ isOpen }) => !isOpen)?.id
  })
  const { files } = await viewHls(server.http(`vod/${id}/index.m3u8`)).received
  const mp4 = await fetch(server.http(`vod/${id}.mp4`))
  return {
    hls: frameNumbers(Buffer.concat(files.map(({ bytes }) => bytes))),
    mp4: frameNumbers(Buffer.from(await mp4.arrayBuffer())),
  }
}
function run(from: number, to: number): number[] {
  return Array.from({ length: to - from }, (_, at) => from + at)
}
/** 1024 samples at 48 kHz are 1920 ticks of 90 kHz, a picture is 3600: the audio that starts before the last one ends. */
function audioCount(leadAudioFrames: number, pictures: number): number {
  return leadAudioFrames + Math.ceil((pictures * 3600) / 1920)
}

describeWorkers('a recording holds everything', SETS, (context) => {
  for (const each of CASES) {
    test(`where ${each.title}`, async () => {
      const { server } = context
      const stream = `whole/${each.name}`
      using publisher = new HttpPublisher(server, `${stream}.flv`, each)
      await publisher.send(FRAMES)
      await publisher.finish()
      const { hls, mp4 } = await keptBy(server, stream)
      // A picture that no decoder can start with is no loss.
      const expected = { video: run(each.deltaFrames, FRAMES), audio: run(0, audioCount(each.leadAudioFrames, FRAMES)) }
      assert.deepEqual(hls, expected)
      assert.deepEqual(mp4, expected)
    })

    test(`where a publisher comes back and ${each.title}`, async () => {
      const { server } = context
      const stream = `back/${each.name}`
      using first = new HttpPublisher(server, `${stream}.flv`, each)
      await first.send(FRAMES)
      await first.finish()
      using second = new HttpPublisher(server, `${stream}.flv`, { ...each, firstNumber: SECOND })
      await second.send(FRAMES)
      await second.finish()
      await fetch(server.http(`api/v1/streams/${stream}`), { method: 'DELETE' })
      const { hls, mp4 } = await keptBy(server, stream)
      const both = (from: number, to: number) => [...run(from, to), ...run(SECOND + from, SECOND + to)]
      const expected = {
        video: both(each.deltaFrames, FRAMES),
        audio: both(0, audioCount(each.leadAudioFrames, FRAMES)),
      }
      assert.deepEqual(hls, expected)
      assert.deepEqual(mp4, expected)
    })
  }

  test('where the pictures come a second after the sound, without an announcement', async () => {
    const { server } = context
    const [video, audio] = SYNTHETIC_TRACKS
    assert.ok(video && audio)
    using publisher = new HttpPublisher(server, 'whole/late.flv', { tracks: [audio] })
    await publisher.send(25)
    await publisher.sendBytes(publisher.stream.setTracks([video, audio]))
    await publisher.send(FRAMES)
    await publisher.finish()
    const { hls, mp4 } = await keptBy(server, 'whole/late')
    assert.deepEqual(hls, { video: run(25, 25 + FRAMES), audio: run(0, audioCount(0, 25 + FRAMES)) })
    assert.deepEqual(mp4, hls)
  })
})
