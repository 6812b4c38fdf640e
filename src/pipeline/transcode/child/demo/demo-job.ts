import type { Av } from '../av.ts'
import type { JobOutput } from '../job-output.ts'
import { AAC_FRAME_SAMPLES, AudioEncoder } from './audio-encoder.ts'
import { PICTURE_HEIGHT_PX, PICTURE_WIDTH_PX, TestPicture } from './test-picture.ts'
import { TestTone, TONE_RATE_HZ } from './test-tone.ts'
import { VideoEncoder } from './video-encoder.ts'

const FRAMES_PER_SECOND = 30
const VIDEO_TRACK = 1
const AUDIO_TRACK = 2
/** Later than this (a machine that slept, a reader that stood still) frames are left out, not made up for. */
const MAX_LATE_MS = 2000
/** The AAC encoder's first packet holds the 1,024 samples before the first: time 0 starts with them. */
const AUDIO_DELAY_SAMPLES = AAC_FRAME_SAMPLES

/** Starts the demo's picture and sound, in real time from now on, until it is disposed. */
export function startDemo(av: Av, output: JobOutput): Disposable {
  const demo = new DemoJob(av, output)
  demo.run()
  return demo
}

class DemoJob implements Disposable {
  readonly #output: JobOutput
  readonly #video: VideoEncoder
  readonly #audio: AudioEncoder
  readonly #picture = new TestPicture()
  readonly #tone = new TestTone()
  readonly #samples = new Float32Array(AAC_FRAME_SAMPLES)
  readonly #startMs: number
  #timer: NodeJS.Timeout | undefined
  #pictureIndex = 0
  #audioIndex = 0
  #keyframeNow = false
  #ended = false

  constructor(av: Av, output: JobOutput) {
    this.#output = output
    this.#video = new VideoEncoder(av, {
      trackId: VIDEO_TRACK,
      widthPx: PICTURE_WIDTH_PX,
      heightPx: PICTURE_HEIGHT_PX,
      framesPerSecond: FRAMES_PER_SECOND,
      framesPerKeyframe: FRAMES_PER_SECOND,
      bitsPerSecond: 1_800_000,
    })
    this.#audio = new AudioEncoder(av, { trackId: AUDIO_TRACK, sampleRateHz: TONE_RATE_HZ, bitsPerSecond: 128_000 })
    output.track(this.#video.track)
    output.track(this.#audio.track)
    this.#startMs = performance.now()
  }

  /** Makes what is due and comes back when more is. */
  run(): void {
    if (this.#ended) return
    if (this.#output.isFull) return void this.#output.drained().then(() => this.run())
    this.#skipWhatIsLate()
    const nowMs = this.#elapsedMs()
    while (this.#nextMs() <= nowMs) {
      if (pictureMs(this.#pictureIndex) <= audioMs(this.#audioIndex)) this.#nextPicture()
      else this.#nextAudio()
    }
    this.#timer = setTimeout(() => this.run(), Math.max(0, this.#nextMs() - this.#elapsedMs()))
  }
  [Symbol.dispose](): void {
    if (this.#ended) return
    this.#ended = true
    clearTimeout(this.#timer)
    this.#video[Symbol.dispose]()
    this.#audio[Symbol.dispose]()
  }

  #nextMs(): number {
    return Math.min(pictureMs(this.#pictureIndex), audioMs(this.#audioIndex))
  }
  #elapsedMs(): number {
    return performance.now() - this.#startMs
  }
  /** Wall clock at `ms` after the start; the wall clock may be set while the demo runs. */
  #epochMs(ms: number): number {
    return Date.now() - this.#elapsedMs() + ms
  }

  /** Goes on with a keyframe at the present moment; the later ones come on whole seconds again. */
  #skipWhatIsLate(): void {
    const lateMs = this.#elapsedMs() - pictureMs(this.#pictureIndex)
    if (lateMs < MAX_LATE_MS) return
    this.#pictureIndex = Math.ceil((this.#elapsedMs() / 1000) * FRAMES_PER_SECOND)
    this.#audioIndex = Math.ceil(((this.#elapsedMs() / 1000) * TONE_RATE_HZ) / AAC_FRAME_SAMPLES)
    this.#keyframeNow = true
  }

  #nextPicture(): void {
    const index = this.#pictureIndex++
    const isKey = this.#keyframeNow || index % FRAMES_PER_SECOND === 0
    this.#keyframeNow = false
    const picture = this.#picture.draw(index, this.#epochMs(pictureMs(index)))
    for (const frame of this.#video.encode(picture, index, isKey ? 'key' : 'delta')) this.#output.frame(frame)
  }
  #nextAudio(): void {
    const start = this.#audioIndex++ * AAC_FRAME_SAMPLES + AUDIO_DELAY_SAMPLES
    this.#tone.fill(this.#samples, start, this.#epochMs((start / TONE_RATE_HZ) * 1000))
    for (const frame of this.#audio.encode(this.#samples, start)) this.#output.frame(frame)
  }
}

function pictureMs(index: number): number {
  return (index * 1000) / FRAMES_PER_SECOND
}
function audioMs(index: number): number {
  return (index * AAC_FRAME_SAMPLES * 1000) / TONE_RATE_HZ
}
