import { UnsupportedInputError } from '../../../../media/errors.ts'
import type { PictureRequest } from '../../channel/job-messages.ts'
import type { Av } from '../av.ts'
import type { JobOutput } from '../job-output.ts'
import type { CodedPictures } from './decode-picture.ts'
import type { DecodedPictures } from './decoded-pictures.ts'
import { encodePicture } from './encode-picture.ts'
import { pictureSize } from './picture-size.ts'
import { scalePicture } from './scale-picture.ts'

type PictureTask = { readonly request: PictureRequest; readonly input: Uint8Array; readonly output: JobOutput }
export type MadePicture = { readonly bytes: Uint8Array; readonly decodes: number }

/** Coded pictures to one picture. `input`: configuration record and access units, one after the other. */
export function makePicture(av: Av, decoded: DecodedPictures, { request, input, output }: PictureTask): void {
  answer(output, () => picture(av, decoded, { request, input }))
}

/** What does not decode is the fault of the input. */
export function answer(output: JobOutput, make: () => MadePicture): void {
  try {
    const { bytes, decodes } = make()
    output.done(bytes, decodes)
  } catch (error) {
    if (!(error instanceof UnsupportedInputError)) throw error
    output.failed('input', error.message)
  }
}

function picture(av: Av, decoded: DecodedPictures, { request, input }: Omit<PictureTask, 'output'>): MadePicture {
  const { key, format, widthPx } = request
  const before = decoded.count
  const video = decoded.get(key, () => codedPictures(request, input))
  const { num, den } = video.sampleAspectRatio
  const shape = { widthPx: video.width, heightPx: video.height, sampleWidth: num, sampleHeight: den }
  const range = format === 'jpg' ? 'full' : 'limited'
  using scaled = scalePicture(av, video, { ...pictureSize(shape, widthPx), range })
  return { bytes: encodePicture(av, scaled, format), decodes: decoded.count - before }
}

function codedPictures(request: PictureRequest, input: Uint8Array): CodedPictures {
  const { codec, configBytes, atTicks } = request
  const config = input.subarray(0, configBytes)
  let at = configBytes
  const units = request.units.map(({ bytes, ptsTicks }) => {
    at += bytes
    return { ptsTicks, data: input.subarray(at - bytes, at) }
  })
  return { codec, config, units, atTicks }
}
