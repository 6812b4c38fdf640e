import type { PictureRequest } from '../../channel/job-messages.ts'
import type { Av } from '../av.ts'
import type { JobOutput } from '../job-output.ts'

export function makePicture(_av: Av, _request: PictureRequest, _input: Uint8Array, output: JobOutput): void {
  output.failed('codec', 'not yet')
}
