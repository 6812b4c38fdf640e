import assert from 'node:assert/strict'
import { test } from 'node:test'
import { FlvTagMuxer } from '../../src/media/formats/flv/index.ts'
import { ticks } from '../../src/media/model/index.ts'
import { writeMediaMessage } from '../../src/media/protocols/rtmp/index.ts'
import { poll } from '../support/poll.ts'
import { RawRtmpClient } from '../support/raw-rtmp-client.ts'
import { SYNTHETIC_TRACKS } from '../support/synthetic.ts'
import { describeWorkers } from '../support/workers.ts'

/** 128-byte chunks, as a client that never sends Set Chunk Size. */
function sendFrames(
  client: RawRtmpClient,
  messageStreamId: number,
  range: { readonly from: number; readonly to: number },
): void {
  const muxer = new FlvTagMuxer()
  muxer.setTracks(SYNTHETIC_TRACKS)
  const tags = range.from === 0 ? [muxer.metadataTag(), ...muxer.sequenceTags()] : []
  for (const tag of tags)
    for (const part of writeMediaMessage(messageStreamId, tag, 128)) client.send(Buffer.from(part))
  for (let number = range.from; number < range.to; number++) {
    const time = ticks(number * 3600)
    const data = Buffer.alloc(600, number % 251)
    data.writeUInt32BE(596, 0)
    data[4] = number % 25 === 0 ? 0x65 : 0x41
    const frame = {
      trackId: 1,
      ptsTicks: time,
      dtsTicks: time,
      durationTicks: ticks(0),
      isKey: number % 25 === 0,
      data,
    }
    const tag = muxer.frameTag(frame)
    if (tag) for (const part of writeMediaMessage(messageStreamId, tag, 128)) client.send(Buffer.from(part))
  }
}

const SETS = ['streams.**.graceMs=0', 'streams.keyed/**.publishKey=secret-key']

describeWorkers('RTMP', SETS, (context) => {
  test('one connection publishes two streams, another plays both', async () => {
    const { server } = context
    using publisher = await RawRtmpClient.open(server)
    const [first, second] = [await publisher.createStream(2), await publisher.createStream(3)]
    assert.notEqual(first, second)
    for (const [id, name] of [
      [first, 'a'],
      [second, 'b'],
    ] as const) {
      publisher.command(id, ['publish', 4, null, name, 'live'])
      await publisher.started(id, 'NetStream.Publish.Start')
      sendFrames(publisher, id, { from: 0, to: 30 })
    }
    await Promise.all([server.live('live/a'), server.live('live/b')])

    using player = await RawRtmpClient.open(server)
    const [one, two] = [await player.createStream(2), await player.createStream(3)]
    for (const [id, name] of [
      [one, 'a'],
      [two, 'b'],
    ] as const) {
      player.command(id, ['play', 4, null, name, -1])
      await player.started(id, 'NetStream.Play.Start')
    }
    for (const id of [first, second]) sendFrames(publisher, id, { from: 30, to: 90 })
    for (const id of [one, two])
      await poll(`media on ${id}`, () => ((player.media.get(id) ?? 0) >= 60 ? true : undefined))

    publisher.command(0, ['deleteStream', 5, null, first])
    await server.log(({ event, stream }) => event === 'stream.ended' && stream === 'live/a')
    const before = player.media.get(two) ?? 0
    sendFrames(publisher, second, { from: 90, to: 150 })
    await poll('the other stream to go on', () => ((player.media.get(two) ?? 0) >= before + 50 ? true : undefined))
  })

  test('a play of what is not there, and a publish without the key, are refused by name', async () => {
    const { server } = context
    using player = await RawRtmpClient.open(server)
    const id = await player.createStream(2)
    player.command(id, ['play', 3, null, 'none', -1])
    await player.started(id, 'NetStream.Play.StreamNotFound')
    using publisher = await RawRtmpClient.open(server, 'keyed')
    const other = await publisher.createStream(2)
    publisher.command(other, ['publish', 3, null, 'a?key=wrong', 'live'])
    await publisher.started(other, 'NetStream.Publish.BadName')
  })

  test('names that climb, are too long or are no names cannot be published or played', async () => {
    const { server } = context
    using other = await RawRtmpClient.open(server)
    for (const name of ['../../etc/passwd', 'a/../../b', '..', 'a b', 'x'.repeat(300), 'a\0b']) {
      for (const [command, code] of [
        ['publish', 'NetStream.Publish.BadName'],
        ['play', 'NetStream.Play.'],
      ] as const) {
        using client = await RawRtmpClient.open(server)
        const id = await client.createStream(2)
        client.command(id, [command, 3, null, name, 'live'])
        await client.started(id, code)
        assert.ok(!JSON.stringify(client.commands).includes('.Start'), `${command} ${name}`)
      }
    }
    assert.ok(other.isOpen, 'another connection goes on')
  })
})
