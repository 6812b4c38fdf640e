import { makeLogger } from '../../../platform/telemetry/index.ts'
import { MESSAGE } from '../channel/job-messages.ts'
import { readHello, readMissing } from './child-events.ts'
import { ChildLink } from './child-link.ts'
import { CODEC_LIBRARY, missingLibrary } from './library.ts'

export type CodecAvailability =
  | { readonly available: true; readonly ffmpeg: string }
  | { readonly available: false; readonly reason: string }

/** Whether this machine can decode and encode: starts a codec process that loads the codecs and says so. */
export function codecAvailability(library = CODEC_LIBRARY): Promise<CodecAvailability> {
  const reason = missingLibrary(library)
  if (reason !== undefined) return Promise.resolve({ available: false, reason })
  const { promise, resolve } = Promise.withResolvers<CodecAvailability>()
  const link = new ChildLink(
    { library },
    makeLogger(() => {}),
    {
      onMessage: (message) => {
        if (message.type === MESSAGE.hello) resolve({ available: true, ffmpeg: readHello(message) })
        if (message.type === MESSAGE.missing) resolve({ available: false, reason: readMissing(message) })
        link.close()
      },
      onExit: (problem) => resolve({ available: false, reason: `the codec process ${problem}` }),
    },
  )
  return promise
}
