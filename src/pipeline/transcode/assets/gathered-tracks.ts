import type { Frame, MediaSink, Track } from '../../../media/model/index.ts'
import type { Profile } from '../../../platform/config/index.ts'
import { type AssetOpened, audioTrackOf, sideSlot, videoTrackOf } from '../channel/job-messages.ts'

export type GatheredOptions = {
  /** A track is left out. Once for each. */
  readonly onLeftOut: (text: string) => void
  /** Most that is held for tracks that have not begun. Default 64 MiB. */
  readonly maxHeldBytes?: number
}

const MAX_HELD_BYTES = 64 * 2 ** 20
/** What a frame costs beside its bytes. */
const FRAME_BYTES = 256

/**
 * Holds frames back until every track that is to come has been told of; passes on the audio of one profile. A track that has not
 * begun when `maxHeldBytes` are held is left out, so that a film with an empty track needs no more memory than others:
 * what is written already has no place for it.
 */
export class GatheredTracks {
  readonly #profiles: readonly Profile[]
  readonly #sink: MediaSink
  readonly #options: GatheredOptions
  readonly #expected = new Set<number>()
  readonly #tracks = new Map<number, Track>()
  #held: Frame[] | undefined = []
  #heldBytes = 0

  constructor(profiles: readonly Profile[], sink: MediaSink, options: GatheredOptions) {
    this.#profiles = profiles
    this.#sink = sink
    this.#options = options
  }

  expect({ hasVideo, audioCount }: Pick<AssetOpened, 'hasVideo' | 'audioCount'>): void {
    for (const [slot, { video }] of this.#profiles.entries())
      if (hasVideo && video.codec !== 'none') this.#expected.add(videoTrackOf(slot))
    const withAudio = this.#profiles.findIndex(({ audio }) => audio.codec !== 'none')
    if (audioCount === 0 || withAudio < 0) return
    this.#expected.add(audioTrackOf(withAudio))
    for (let index = 1; index < audioCount; index++)
      this.#expected.add(audioTrackOf(sideSlot(this.#profiles.length, index)))
  }
  onTrack(track: Track): void {
    if (!this.#expected.has(track.id)) return
    if (!this.#held) return this.#sink.onTrack(track)
    this.#tracks.set(track.id, track)
    if (this.#tracks.size === this.#expected.size) this.flush()
  }
  onFrame(frame: Frame): void {
    if (!this.#expected.has(frame.trackId)) return
    if (!this.#held) return this.#sink.onFrame(frame)
    this.#held.push(frame)
    this.#heldBytes += frame.data.length + FRAME_BYTES
    if (this.#heldBytes > (this.#options.maxHeldBytes ?? MAX_HELD_BYTES)) this.#goOnWithout()
  }
  /** Nothing more is waited for. */
  flush(): void {
    const held = this.#held ?? []
    this.#held = undefined
    const tracks = [...this.#tracks.values()].sort((a, b) => a.id - b.id)
    this.#tracks.clear()
    for (const track of tracks) this.#sink.onTrack(track)
    for (const frame of held) this.#sink.onFrame(frame)
  }

  #goOnWithout(): void {
    for (const id of this.#expected) {
      if (this.#tracks.has(id)) continue
      this.#expected.delete(id)
      const kind = id % 2 === 0 ? 'a sound track' : 'the video'
      this.#options.onLeftOut(`${kind} of the file is left out: it holds nothing, or begins long after the rest`)
    }
    this.flush()
  }
}
