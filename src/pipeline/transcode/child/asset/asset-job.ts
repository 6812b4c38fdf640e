import { statSync } from 'node:fs'
import { MillraceError, UnsupportedInputError } from '../../../../media/errors.ts'
import { type Frame, ticks } from '../../../../media/model/index.ts'
import { type AssetRequest, sideSlot } from '../../channel/job-messages.ts'
import type { Av } from '../av.ts'
import type { JobOutput } from '../job-output.ts'
import { LadderJob } from '../ladder/ladder-job.ts'
import { clockwiseDegrees } from '../ladder/upright-picture.ts'
import type { RunningJob } from '../running-job.ts'
import { AssetStream, codecOf } from './asset-streams.ts'
import { SideSound } from './side-sound.ts'

type NativeStream = InstanceType<Av['FormatContext']>['streams'][number]
type NativePacket = InstanceType<Av['Packet']>
type Reading = {
  readonly native: NativeStream
  readonly stream: AssetStream
  /** Of audio that is not the first. */
  readonly side: SideSound | undefined
  clockHz: number
  isOpen: boolean
}

/** Messages (a cancellation) are looked at after so many packets. */
const BREATHE_EVERY = 25
/** A file that ends so much before its length says has lost its end. */
const CUT_SECONDS = 1
/** AV_NOPTS_VALUE. */
const NO_TIME = -(2n ** 63n)
/** Each has an encoder. */
const MAX_AUDIO_TRACKS = 16
const VIDEO_ID = 1
const AUDIO_ID = 2

/** Reads a file into a ladder. */
export function startAsset(av: Av, request: AssetRequest, output: JobOutput): RunningJob {
  const job = new AssetJob(av, request, output)
  void job.run()
  return job
}

class AssetJob implements RunningJob {
  readonly #av: Av
  readonly #request: AssetRequest
  readonly #output: JobOutput
  readonly #ladder: LadderJob
  readonly #readings = new Map<number, Reading>()
  #startSeconds = 0
  #durationSeconds = 0
  #format = ''
  /** Sound that is not taken in, though other sound is. */
  readonly #leftOut: string[] = []
  /** Packets that are not what their codec says. */
  #brokenCount = 0
  #isTold = false
  #held: PromiseWithResolvers<void> | undefined
  #isOver = false

  constructor(av: Av, request: AssetRequest, output: JobOutput) {
    this.#av = av
    this.#request = request
    this.#output = output
    this.#ladder = new LadderJob(av, output)
  }

  async run(): Promise<void> {
    const input = new this.#av.FormatContext()
    using packet = new this.#av.Packet()
    packet.alloc()
    try {
      await this.#open(input)
      for (let count = 1; !this.#isOver && input.readFrameSync(packet) >= 0; count++) {
        await this.#take(packet)
        packet.unref()
        await this.#held?.promise
        if (this.#output.isFull) await this.#output.drained()
        else if (count % BREATHE_EVERY === 0) await new Promise((resolve) => setImmediate(resolve))
      }
      if (this.#isOver) return
      this.#tellOpened()
      this.#tellWhereCut()
      for (const { side } of this.#readings.values()) side?.flush()
      await this.#ladder.finish(() => this.#tellDamage())
    } catch (error) {
      const message = error instanceof Error ? error.message : String(error)
      this.#output.failed(error instanceof MillraceError ? 'input' : 'codec', message)
    } finally {
      input.closeInputSync()
      this[Symbol.dispose]()
    }
  }
  hold(): void {
    this.#held ??= Promise.withResolvers()
  }
  release(): void {
    this.#held?.resolve()
    this.#held = undefined
  }
  [Symbol.dispose](): void {
    this.release()
    if (this.#isOver) return
    this.#isOver = true
    this.#ladder[Symbol.dispose]()
    for (const { side } of this.#readings.values()) side?.[Symbol.dispose]()
  }

  async #open(input: InstanceType<Av['FormatContext']>): Promise<void> {
    const opened = input.openInputSync(this.#request.path, null, null)
    if (opened < 0) throw this.#unreadable(opened)
    if (input.findStreamInfoSync(null) < 0) throw new UnsupportedInputError('the streams of the file are not clear')
    const unread: Unread = { video: [], audio: [] }
    for (const native of input.streams) this.#addStream(native, unread)
    this.#refuse(unread)
    this.#startSeconds = input.startTime > NO_TIME ? Number(input.startTime) / 1e6 : 0
    this.#durationSeconds = input.duration > 0n ? Number(input.duration) / 1e6 : 0
    this.#format = input.iformat?.name ?? ''
    await this.#ladder.setRungs(this.#request.rungs)
  }

  /** Once the first packet has shown that it can be read. */
  #tellOpened(): void {
    if (this.#isTold) return
    this.#isTold = true
    const kinds = [...this.#readings.values()].map(({ native }) => native.codecpar.codecType)
    this.#output.assetOpened({
      format: this.#format,
      durationSeconds: this.#durationSeconds,
      hasVideo: kinds.includes(this.#av.AVMEDIA_TYPE_VIDEO),
      audioCount: kinds.filter((kind) => kind === this.#av.AVMEDIA_TYPE_AUDIO).length,
    })
    if (this.#leftOut.length > 0)
      this.#output.notice(`sound that is not taken in is left out: ${this.#leftOut.join(', ')}`)
  }
  #unreadable(code: number): UnsupportedInputError {
    if (statSync(this.#request.path, { throwIfNoEntry: false })?.size === 0)
      return new UnsupportedInputError('the file is empty')
    const reason = this.#av.FFmpegError.strerror(code)
    return new UnsupportedInputError(
      `not a file that can be read: ${reason}. Either it is no film, or its end is missing, where MP4 and MOV have their index`,
    )
  }
  /** Nothing to read, or not what the profiles want. */
  #refuse(unread: Unread): void {
    const { AVMEDIA_TYPE_VIDEO, AVMEDIA_TYPE_AUDIO } = this.#av
    const types = [...this.#readings.values()].map(({ native }) => native.codecpar.codecType)
    const { rungs } = this.#request
    const lost = [
      ...(types.includes(AVMEDIA_TYPE_VIDEO) || !rungs.some(({ video }) => video) ? [] : unread.video),
      ...(types.includes(AVMEDIA_TYPE_AUDIO) || !rungs.some(({ audio }) => audio) ? [] : unread.audio),
    ]
    if (lost.length > 0)
      throw new UnsupportedInputError(`${lost.join(' and ')} is not taken in; convert the file first`)
    if (rungs.some(({ audio }) => audio)) this.#leftOut.push(...unread.audio)
    if (types.length === 0) throw new UnsupportedInputError('the file holds neither pictures nor sound')
  }
  #tellWhereCut(): void {
    const atSeconds = this.#ladder.atSeconds ?? 0
    if (atSeconds > this.#durationSeconds - Math.max(CUT_SECONDS, this.#durationSeconds / 50)) return
    const [at, of] = [atSeconds.toFixed(1), this.#durationSeconds.toFixed(1)]
    this.#output.notice(`the file ends after ${at} of ${of} seconds: its end is missing`)
  }

  #tellDamage(): void {
    const count = this.#brokenCount + this.#ladder.damagedCount
    if (count > 0) this.#output.notice(`damaged frames in the file: ${count}`)
  }

  /** The first video, and all sound; covers of albums are no video. */
  #addStream(native: NativeStream, unread: Unread): void {
    const av = this.#av
    const { codecpar, index } = native
    const isVideo = codecpar.codecType === av.AVMEDIA_TYPE_VIDEO
    if (!isVideo && codecpar.codecType !== av.AVMEDIA_TYPE_AUDIO) return
    if (native.attachedPic !== null) return
    const codec = codecOf(av, codecpar.codecId)
    if (!codec) {
      unread[isVideo ? 'video' : 'audio'].push(nameOf(av, codecpar.codecId, isVideo))
      return
    }
    const taken = [...this.#readings.values()].filter((each) => each.native.codecpar.codecType === codecpar.codecType)
    if (taken.length >= (isVideo ? 1 : MAX_AUDIO_TRACKS)) {
      if (!isVideo) unread.audio.push(nameOf(av, codecpar.codecId, isVideo))
      return
    }
    const stream = new AssetStream(codec, isVideo ? VIDEO_ID : AUDIO_ID, {
      extradata: Uint8Array.from(codecpar.extradata ?? []),
      widthPx: codecpar.width,
      heightPx: codecpar.height,
      sampleRateHz: codecpar.sampleRate,
      channelCount: codecpar.channels,
      language: native.metadata?.get('language') ?? undefined,
    })
    const side = taken.length > 0 ? this.#sideSound(taken.length) : undefined
    this.#readings.set(index, { native, stream, side, clockHz: 90_000, isOpen: false })
  }
  /** As the first profile with sound has it. Its slot is behind those of the profiles. */
  #sideSound(index: number): SideSound | undefined {
    const { rungs } = this.#request
    const audio = rungs.find((rung) => rung.audio)?.audio
    return audio && new SideSound(this.#av, { slot: sideSlot(rungs.length, index), audio }, this.#output)
  }

  /** Resolves when the ladder wants more. */
  async #take(packet: NativePacket): Promise<void> {
    const reading = this.#readings.get(packet.streamIndex)
    const time = packet.pts > NO_TIME ? packet.pts : packet.dts
    if (!reading || !packet.data || time <= NO_TIME) return
    const data = Uint8Array.from(packet.data)
    if (packet.getSideData(this.#av.AV_PKT_DATA_ENCRYPTION_INFO))
      throw new UnsupportedInputError('the file is encrypted; take it as it was before that')
    this.#tellOpened()
    if (!reading.isOpen) await this.#openTrack(reading, data)
    const canonical = this.#canonical(reading, data)
    if (!canonical) return
    const frame = this.#frameOf(reading, packet, canonical)
    this.#ladder.atSeconds = frame.dtsTicks / reading.clockHz
    if (reading.side) reading.side.frame(frame)
    else await this.#ladder.frame(frame)
  }
  /** In the form of docs/codec-registry.md; undefined where its bytes are damaged: the rest of the film is not. */
  #canonical({ stream }: Reading, data: Uint8Array): Uint8Array | undefined {
    try {
      return stream.frame(data)
    } catch (error) {
      if (!(error instanceof MillraceError)) throw error
      this.#brokenCount++
      return undefined
    }
  }
  async #openTrack(reading: Reading, first: Uint8Array): Promise<void> {
    const track = reading.stream.track(first)
    const matrix = reading.native.codecpar.getCodedSideData(this.#av.AV_PKT_DATA_DISPLAYMATRIX)
    reading.clockHz = track.clockRateHz
    reading.isOpen = true
    if (reading.side && track.kind === 'audio') return reading.side.setTrack(track)
    await this.#ladder.setTrack(track, matrix ? clockwiseDegrees(matrix) : 0)
  }
  #frameOf({ native, clockHz }: Reading, packet: NativePacket, data: Uint8Array): Frame {
    const { num, den } = native.timeBase
    const toTicks = (time: bigint) => ticks(Math.round(((Number(time) * num) / den - this.#startSeconds) * clockHz))
    const pts = packet.pts > NO_TIME ? packet.pts : packet.dts
    const isVideo = native.codecpar.codecType === this.#av.AVMEDIA_TYPE_VIDEO
    return {
      trackId: isVideo ? VIDEO_ID : AUDIO_ID,
      ptsTicks: toTicks(pts),
      dtsTicks: toTicks(packet.dts > NO_TIME ? packet.dts : pts),
      durationTicks: ticks(isVideo ? 0 : Math.round((Number(packet.duration) * num * clockHz) / den)),
      isKey: !isVideo || packet.isKeyframe,
      data,
    }
  }
}

/** Names of codecs. */
type Unread = Readonly<Record<'video' | 'audio', string[]>>

function nameOf(av: Av, codecId: NativeStream['codecpar']['codecId'], isVideo: boolean): string {
  const name = av.avGetCodecName(codecId)
  const isKnown = name && name !== 'none' && !name.startsWith('unknown')
  return isKnown ? name : `${isVideo ? 'video' : 'sound'} of an unknown codec`
}
