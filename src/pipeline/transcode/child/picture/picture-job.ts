import { UnsupportedInputError } from '../../../../media/errors.ts'
import type { PictureRequest } from '../../channel/job-messages.ts'
import type { Av } from '../av.ts'
import type { JobOutput } from '../job-output.ts'
import { decodeKeyframe } from './decode-keyframe.ts'
import { encodePicture } from './encode-picture.ts'
import { pictureSize } from './picture-size.ts'
import { scalePicture } from './scale-picture.ts'

/** One keyframe to one picture. `input`: configuration record and keyframe, one after the other. */
export function makePicture(av: Av, request: PictureRequest, input: Uint8Array, output: JobOutput): void {
  try {
    output.done(picture(av, request, input))
  } catch (error) {
    if (!(error instanceof UnsupportedInputError)) throw error
    output.failed('input', error.message)
  }
}

function picture(av: Av, { codec, format, widthPx, configBytes }: PictureRequest, input: Uint8Array): Uint8Array {
  const config = input.subarray(0, configBytes)
  using video = decodeKeyframe(av, { codec, config, data: input.subarray(configBytes) })
  const { num, den } = video.sampleAspectRatio
  const shape = { widthPx: video.width, heightPx: video.height, sampleWidth: num, sampleHeight: den }
  const range = format === 'jpg' ? 'full' : 'limited'
  using scaled = scalePicture(av, video, { ...pictureSize(shape, widthPx), range })
  return encodePicture(av, scaled, format)
}
