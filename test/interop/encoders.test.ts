import assert from 'node:assert/strict'
import { once } from 'node:events'
import { mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs'
import { connect, type Socket } from 'node:net'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { after, before, describe, test } from 'node:test'
import { ChunkReader, MESSAGE_TYPE } from '../../src/media/protocols/rtmp/index.ts'
import { poll } from '../support/poll.ts'
import { ROOT } from '../support/requirements.ts'
import { TestServer } from '../support/server.ts'
import { Av, skipWithoutNodeAv } from './support/av.ts'
import type { Reading } from './support/av-messages.ts'
import { differences } from './support/compare.ts'
import { FLV_HEADER, flvTag, viewHttp } from './support/viewers.ts'

/** See test/fixtures/README.md. */
const OBS = readFileSync(join(ROOT, 'test/fixtures/obs-studio-29.rtmp'))
const OBS_UNITS = { h264: 118, aac: 182 }
/** C0, C1 and C2. */
const HANDSHAKE_BYTES = 1 + 1536 + 1536
const SETS = ['workers=2', 'streams.**.publishKey=from-obs', 'streams.**.record=true', 'streams.**.graceMs=0']

/** How the network cut what the encoder sent: sizes that no chunk, message or handshake packet has. */
const CUTS = { 'in large pieces': Number.POSITIVE_INFINITY, 'in pieces of 997 bytes': 997, 'in pieces of 61 bytes': 61 }

type Recordings = { readonly recordings: readonly { readonly id: string; readonly isOpen: boolean }[] }

/** What FFmpeg reads of the messages, with FLV tags around them. */
async function messagesOf(av: Av, connection: Buffer, folder: string): Promise<Reading> {
  const tags: Buffer[] = [FLV_HEADER]
  const reader = new ChunkReader(({ type, timestampMs, payload }) => {
    if (type === MESSAGE_TYPE.audio || type === MESSAGE_TYPE.video) tags.push(flvTag(type, timestampMs, payload))
  })
  reader.push(new Uint8Array(connection.subarray(HANDSHAKE_BYTES)))
  const path = join(folder, 'sent.flv')
  writeFileSync(path, Buffer.concat(tags))
  return av.call('read', { url: path })
}

/** In front of the first message that OBS sends once it was told that it may: its header, and the marks of a string. */
const MAY_PUBLISH = OBS.indexOf('@setDataFrame') - 12 - 3

async function replay(server: TestServer, connection: Buffer, pieceBytes: number): Promise<void> {
  const socket = connect(server.port('rtmp'), '127.0.0.1')
  let said = ''
  socket.on('data', (bytes: Buffer) => {
    said += bytes.toString('latin1')
  })
  await once(socket, 'connect')
  await writePieces(socket, connection.subarray(0, MAY_PUBLISH), pieceBytes)
  // The answer to FCPublish says the same code, and comes before the server has decided.
  await poll('the permission to publish', () => /onStatus.*NetStream\.Publish\.Start/s.test(said) || undefined)
  await writePieces(socket, connection.subarray(MAY_PUBLISH), pieceBytes)
  socket.end()
}
async function writePieces(socket: Socket, bytes: Buffer, pieceBytes: number): Promise<void> {
  for (let at = 0; at < bytes.length; at += pieceBytes) {
    const piece = bytes.subarray(at, Math.min(bytes.length, at + pieceBytes))
    await new Promise<void>((resolve, reject) => {
      socket.write(piece, (error) => (error ? reject(error) : resolve()))
    })
  }
}

describe('encoders', { skip: skipWithoutNodeAv() }, () => {
  const resources = new AsyncDisposableStack()
  const folder = mkdtempSync(join(tmpdir(), 'millrace-encoders-'))
  let server: TestServer
  let av: Av
  before(async () => {
    server = resources.use(await TestServer.start(SETS))
    av = resources.use(new Av())
  })
  after(async () => {
    await resources.disposeAsync()
    rmSync(folder, { recursive: true, force: true })
  })

  for (const [how, pieceBytes] of Object.entries(CUTS)) {
    test(`what OBS Studio 29 sent, come ${how}, is recorded whole`, async () => {
      const sent = await messagesOf(av, OBS, folder)
      assert.deepEqual(Object.fromEntries(sent.tracks.map(({ codec, units }) => [codec, units.length])), OBS_UNITS)
      const { recordings: before } = await server.json<Recordings>('api/v1/recordings')
      await replay(server, OBS, pieceBytes)
      const id = await poll('the recording', async () => {
        const { recordings } = await server.json<Recordings>('api/v1/recordings')
        const fresh = recordings.filter((each) => !before.some((old) => old.id === each.id))
        return fresh.find(({ isOpen }) => !isOpen)?.id
      })
      const path = join(folder, `${id}.mp4`)
      const { files } = await viewHttp(server.http(`vod/${id}.mp4`), 'mp4').received
      writeFileSync(path, files[0]?.bytes ?? '')
      const kept = await av.call('read', { url: path })
      assert.deepEqual(differences(sent, kept, { tickSeconds: 1 / 1000, record: 'same record', joinSeconds: 0 }), [])
    })
  }
})
