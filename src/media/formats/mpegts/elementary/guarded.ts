import { MalformedInputError, UnsupportedInputError } from '../../../errors.ts'
import type { ElementarySink } from './elementary-reader.ts'
import type { SplitFrameHandler } from './frame-splitter.ts'

/** A damaged frame is left out and counted; one of a kind that is not supported ends the stream's reading. */
export function guarded(sink: ElementarySink, handler: SplitFrameHandler): SplitFrameHandler {
  return (frame, stamp) => {
    try {
      handler(frame, stamp)
    } catch (error) {
      if (error instanceof MalformedInputError) sink.onDamaged()
      else if (error instanceof UnsupportedInputError) sink.onUnsupported(error.message)
      else throw error
    }
  }
}
