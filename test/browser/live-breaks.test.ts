import assert from 'node:assert/strict'
import { type TestContext, test } from 'node:test'
import { parseMediaPlaylist } from '../../src/media/formats/hls/index.ts'
import { skipWithoutNodeAv } from '../interop/support/av.ts'
import { poll } from '../support/poll.ts'
import { skipWithoutFfmpeg } from '../support/requirements.ts'
import { TestServer } from '../support/server.ts'
import { launchBrowser, skipWithoutChromium } from './support/browser.ts'
import { errorsOf, told } from './support/judged.ts'
import { OpenPlayer, type Stage } from './support/played.ts'
import { PlayerHost } from './support/player-host.ts'
import { chooseHeight, hostOf, type PlayedForm } from './support/players.ts'
import { joinedPath, LoopPublisher } from './support/publisher.ts'

const FORMS: readonly PlayedForm[] = [
  { name: 'HLS', player: 'hls', file: 'index.m3u8', mode: 'normal', gaps: 'expected' },
  { name: 'HLS', player: 'shaka', file: 'index.m3u8', mode: 'normal', gaps: 'expected' },
  { name: 'DASH', player: 'shaka', file: 'manifest.mpd', mode: 'normal' },
  { name: 'DASH', player: 'dash', file: 'manifest.mpd', mode: 'normal' },
]
const SETS = [
  'hls.segmentMs=1000',
  'hls.windowSegments=20',
  'streams.**.graceMs=8000',
  'streams.live/low.graceMs=0',
  'streams.live/demo.variants=[live/low]',
  'streams.live/rungs.ladder=[small]',
  'streams.live/rungs.ladderMode=always',
  'profiles.small.video.size=160x90',
  'profiles.small.video.preset=ultrafast',
  'profiles.small.video.bitrateKbps=100',
]
const LARGE = 'testsrc2=s=320x180:r=25'
const SMALL = 'testsrc2=s=160x90:r=25'
/** Players begin with what is a few segments old. */
const OLD_SEGMENTS = 4

type Open = { readonly form: PlayedForm; readonly player: OpenPlayer }
type WithPlayer = (open: Open) => Promise<void>

/** All players on one stream at the same time: what happens to it, happens to all of them. */
class Audience implements AsyncDisposable {
  readonly #all: readonly Open[]

  private constructor(all: readonly Open[]) {
    this.#all = all
  }
  static async open(stage: Stage, folder: string): Promise<Audience> {
    await poll('some segments', async () => {
      const response = await fetch(stage.server.http(`${folder}/t1.m3u8`))
      const { segments } = response.ok ? parseMediaPlaylist(await response.text()) : { segments: [] }
      return segments.length >= OLD_SEGMENTS ? true : undefined
    })
    const opening = FORMS.map(async (form, at): Promise<Open> => {
      const player = await OpenPlayer.start(stage, form, { folder, host: hostOf(at) })
      await player.until('window.watched().playedSeconds > 2')
      return { form, player }
    })
    return new Audience(await Promise.all(opening))
  }
  async each(act: WithPlayer): Promise<void> {
    await Promise.all(this.#all.map(act))
  }
  /** All of them, or those of one kind of list, show that height, and go on. */
  async shows(height: number, name?: string): Promise<void> {
    await this.each(async ({ form, player }) => {
      if (name !== undefined && form.name !== name) return
      await player.until(`document.querySelector('video').videoHeight === ${height}`)
      await player.playsOn(1)
      const played = await player.played()
      const what = `${form.name} in ${form.player}: ${played.heights}; ${told(played)}`
      assert.equal(played.heights.at(-1), height, what)
    })
  }
  async choose(height: number): Promise<void> {
    await this.each(({ form, player }) => player.page.evaluate(`(() => { ${chooseHeight(form.player, height)} })()`))
    await this.shows(height)
  }
  async playOn(seconds: number): Promise<void> {
    await this.each(({ player }) => player.playsOn(seconds))
  }
  /** A break is a stall where nothing was published, and no error. */
  async judge(t: TestContext): Promise<void> {
    await this.each(async ({ form, player }) => {
      const played = await player.played()
      t.diagnostic(`${form.name} in ${form.player}: ${told(played)}`)
      assert.deepEqual(errorsOf(played, form), [], `${form.name} in ${form.player}`)
    })
  }
  async [Symbol.asyncDispose](): Promise<void> {
    await this.each(({ player }) => player[Symbol.asyncDispose]())
  }
}

test('hls.js, shaka-player and dash.js go on live', {
  skip: skipWithoutChromium() || skipWithoutFfmpeg() || skipWithoutNodeAv(),
}, async (t) => {
  const server = await TestServer.start(SETS)
  const host = await PlayerHost.start()
  t.after(() => host[Symbol.asyncDispose]())
  const browser = await launchBrowser()
  t.after(() => browser.close())
  // Judges what the server has listed: last, so that nothing is left running.
  t.after(() => server[Symbol.asyncDispose]())
  const stage: Stage = { browser, host, server }

  await t.test('where the publisher comes back, and changes size and sample rate in mid-stream', async (inner) => {
    const url = server.rtmp('live/a')
    const changed = { picture: SMALL, seconds: 30, sampleRateHz: 44_100 }
    const joined = joinedPath([{ picture: LARGE, seconds: 4 }, changed])
    const first = LoopPublisher.start(url, { picture: LARGE })
    await server.live('live/a')
    await using audience = await Audience.open(stage, 'live/a')
    await first[Symbol.asyncDispose]()
    await using _second = LoopPublisher.startClip(url, joined)
    await audience.shows(90)
    await audience.playOn(2)
    await audience.judge(inner)
  })

  await t.test('where a member of the ladder dies and comes back', async (inner) => {
    await using _encoder = LoopPublisher.startLadder([
      { url: server.rtmp('live/demo'), picture: LARGE },
      { url: server.rtmp('live/low'), picture: SMALL },
    ])
    for (const name of ['live/demo', 'live/low']) await server.live(name)
    const both = () =>
      poll('both members', async () => {
        const response = await fetch(server.http('live/demo/index.m3u8'))
        return response.ok && (await response.text()).includes('../low/') ? true : undefined
      })
    await both()
    await using audience = await Audience.open(stage, 'live/demo')
    await audience.choose(90)
    await (await fetch(server.http('api/v1/streams/live/low'), { method: 'DELETE' })).text()
    await audience.playOn(6)
    await both()
    // Who chose it has it again by itself; what stood in for it has the height that is chosen next.
    await audience.shows(90, 'HLS')
    for (const height of [180, 90]) await audience.choose(height)
    await audience.judge(inner)
  })

  await t.test(
    'where the codec process of a rung is killed, up and down the ladder before and after',
    async (inner) => {
      await using _publisher = LoopPublisher.start(server.rtmp('live/rungs'), { picture: LARGE })
      await server.live('live/rungs')
      await server.live('live/rungs/small')
      await using audience = await Audience.open(stage, 'live/rungs')
      for (const height of [90, 180, 90]) await audience.choose(height)
      const pid = server.lines.findLast(
        ({ event, stream }) => event === 'codec.started' && stream === 'live/rungs',
      )?.pid
      assert.ok(typeof pid === 'number')
      process.kill(pid, 'SIGKILL')
      await server.log(({ event }) => event === 'ladder.interrupted')
      await audience.playOn(5)
      for (const height of [180, 90]) await audience.choose(height)
      await audience.judge(inner)
    },
  )
})
