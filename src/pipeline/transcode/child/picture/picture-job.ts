import { UnsupportedInputError } from '../../../../media/errors.ts'
import type { PictureRequest } from '../../channel/job-messages.ts'
import type { Av } from '../av.ts'
import type { JobOutput } from '../job-output.ts'
import { decodePicture } from './decode-picture.ts'
import { encodePicture } from './encode-picture.ts'
import { pictureSize } from './picture-size.ts'
import { scalePicture } from './scale-picture.ts'

/** Coded pictures to one picture. `input`: configuration record and access units, one after the other. */
export function makePicture(av: Av, request: PictureRequest, input: Uint8Array, output: JobOutput): void {
  answer(output, () => picture(av, request, input))
}

/** What does not decode is the fault of the input. */
export function answer(output: JobOutput, make: () => Uint8Array): void {
  try {
    output.done(make())
  } catch (error) {
    if (!(error instanceof UnsupportedInputError)) throw error
    output.failed('input', error.message)
  }
}

function picture(av: Av, request: PictureRequest, input: Uint8Array): Uint8Array {
  const { codec, format, widthPx, configBytes, atTicks } = request
  const config = input.subarray(0, configBytes)
  let at = configBytes
  const units = request.units.map(({ bytes, ptsTicks }) => {
    at += bytes
    return { ptsTicks, data: input.subarray(at - bytes, at) }
  })
  using video = decodePicture(av, { codec, config, units, atTicks })
  const { num, den } = video.sampleAspectRatio
  const shape = { widthPx: video.width, heightPx: video.height, sampleWidth: num, sampleHeight: den }
  const range = format === 'jpg' ? 'full' : 'limited'
  using scaled = scalePicture(av, video, { ...pictureSize(shape, widthPx), range })
  return encodePicture(av, scaled, format)
}
