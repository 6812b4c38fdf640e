import { type Av, checked } from '../av.ts'
import { FilterChain, type FilterStep } from '../filter-chain.ts'

type NativeFrame = InstanceType<Av['Frame']>
export type PictureShape = {
  readonly widthPx: number
  readonly heightPx: number
  /** Black around it, up to this size. */
  readonly frame?: { readonly widthPx: number; readonly heightPx: number }
  /** JPEG has full-range samples, WebP the studio range of VP8; both use the matrix of BT.601. */
  readonly range: 'full' | 'limited'
}

/** The picture at its size and in 8-bit 4:2:0. The caller frees it. */
export function scalePicture(av: Av, source: NativeFrame, shape: PictureShape): NativeFrame {
  using chain = new FilterChain(
    av,
    ['buffer', sourceArguments(av, source)],
    [['scale', scaleArguments(shape)], ['format', 'yuv420p'], ...padding(shape)],
  )
  chain.add(source)
  chain.add(null)
  const picture = new av.Frame()
  picture.alloc()
  checked(av, chain.take(picture), 'scale')
  return picture
}

function sourceArguments(av: Av, { width, height, format, colorSpace, colorRange }: NativeFrame): string {
  const range = colorRange === av.AVCOL_RANGE_UNSPECIFIED ? av.AVCOL_RANGE_MPEG : colorRange
  return `video_size=${width}x${height}:pix_fmt=${format}:time_base=1/1:colorspace=${colorSpace}:range=${range}`
}

function padding({ frame }: PictureShape): FilterStep[] {
  return frame ? [['pad', `w=${frame.widthPx}:h=${frame.heightPx}:x=-1:y=-1`]] : []
}

function scaleArguments({ widthPx, heightPx, range }: PictureShape): string {
  return `w=${widthPx}:h=${heightPx}:flags=bilinear:out_color_matrix=bt601:out_range=${range}`
}
