import { spawnSync } from 'node:child_process'
import { existsSync } from 'node:fs'
import { fileURLToPath } from 'node:url'
import { describeFirstFrame, videoTrack } from '../../../media/codecs/index.ts'
import type { VideoCodecId, VideoTrack } from '../../../media/model/index.ts'
import { codecAvailability } from '../index.ts'

/** Byte strings are base64. */
export type AvOrder =
  | { readonly what: 'keyframe'; readonly path: string }
  | {
      readonly what: 'encode'
      readonly encoder: string
      readonly widthPx: number
      readonly heightPx: number
      readonly sampleAspect?: readonly [number, number]
    }
  | {
      readonly what: 'decode'
      readonly codec: string
      readonly config: string
      readonly packets: readonly { readonly data: string; readonly pts: number }[]
    }
export type EncodedKeyframe = {
  readonly config: string
  readonly data: string
  readonly widthPx: number
  readonly heightPx: number
}
export type DecodedFrames = {
  /** `luma`: mean of the first plane. */
  readonly frames: readonly {
    readonly widthPx: number
    readonly heightPx: number
    readonly pts: number
    readonly damaged: boolean
    readonly luma: number
  }[]
}
export type AvAnswers = { keyframe: EncodedKeyframe; encode: EncodedKeyframe; decode: DecodedFrames }

const CHILD = fileURLToPath(new URL('./av-child.ts', import.meta.url))
const REPO = fileURLToPath(new URL('../../../../', import.meta.url))
const MAX_OUTPUT_BYTES = 2 ** 28

const availability = await codecAvailability()
/** A reason to skip a test that needs codecs, or false. */
export const NO_CODECS = availability.available ? false : `no codecs here: ${availability.reason}`

/** Lets FFmpeg do one thing in a process of its own. */
export function ask<W extends AvOrder['what']>(order: AvOrder & { what: W }): AvAnswers[W] {
  const child = spawnSync(process.execPath, [CHILD], {
    input: JSON.stringify(order),
    encoding: 'utf8',
    maxBuffer: MAX_OUTPUT_BYTES,
  })
  if (child.status !== 0) throw new Error(`FFmpeg failed (${child.status ?? child.signal}): ${child.stderr}`)
  return JSON.parse(child.stdout) as AvAnswers[W]
}

export type TestKeyframe = { readonly track: VideoTrack; readonly data: Uint8Array }

/** The first keyframe of a clip of ../shared/media in canonical form, or a reason to skip the test. */
export function clipKeyframe(name: string, codec: VideoCodecId): TestKeyframe | string {
  const path = fileURLToPath(new URL(`../shared/media/${name}`, `file://${REPO}`))
  if (!existsSync(path)) return `${path} is missing`
  return canonical(codec, ask({ what: 'keyframe', path }))
}
/** A keyframe that FFmpeg makes for the occasion. */
export function madeKeyframe(
  codec: 'vp8' | 'av1',
  order: Omit<AvOrder & { what: 'encode' }, 'what' | 'encoder'>,
): TestKeyframe {
  const encoder = { vp8: 'libvpx', av1: 'libsvtav1' }[codec]
  return canonical(codec, ask({ what: 'encode', encoder, ...order }))
}

function canonical(codec: VideoCodecId, keyframe: EncodedKeyframe): TestKeyframe {
  const data = new Uint8Array(Buffer.from(keyframe.data, 'base64'))
  const said = new Uint8Array(Buffer.from(keyframe.config, 'base64'))
  const config = codec === 'h264' || codec === 'h265' ? said : describeFirstFrame(codec, data).config
  const { widthPx, heightPx } = keyframe
  return { track: videoTrack(1, codec, config, { widthPx, heightPx }), data }
}
