import { type Av, checked } from '../av.ts'

type NativeFrame = InstanceType<Av['Frame']>
export type PictureShape = {
  readonly widthPx: number
  readonly heightPx: number
  /** JPEG has full-range samples, WebP the studio range of VP8; both use the matrix of BT.601. */
  readonly range: 'full' | 'limited'
}

/** The picture at its size and in 8-bit 4:2:0. The caller frees it. */
export function scalePicture(av: Av, source: NativeFrame, shape: PictureShape): NativeFrame {
  using graph = new av.FilterGraph()
  graph.alloc()
  const input = makeFilter(av, graph, 'buffer', sourceArguments(av, source))
  const scale = makeFilter(av, graph, 'scale', scaleArguments(shape))
  const format = makeFilter(av, graph, 'format', 'yuv420p')
  const sink = makeFilter(av, graph, 'buffersink', null)
  checked(av, input.link(0, scale, 0), 'scale')
  checked(av, scale.link(0, format, 0), 'scale')
  checked(av, format.link(0, sink, 0), 'scale')
  checked(av, graph.configSync(), 'scale')
  checked(av, input.buffersrcAddFrameSync(source), 'scale')
  checked(av, input.buffersrcAddFrameSync(null), 'scale')
  const picture = new av.Frame()
  picture.alloc()
  checked(av, sink.buffersinkGetFrameSync(picture), 'scale')
  return picture
}

function makeFilter(av: Av, graph: InstanceType<Av['FilterGraph']>, name: string, options: string | null) {
  const filter = av.Filter.getByName(name)
  const context = filter && graph.createFilter(filter, name, options)
  if (!context) throw new Error(`FFmpeg's filter "${name}" does not take ${options}`)
  return context
}

function sourceArguments(av: Av, { width, height, format, colorSpace, colorRange }: NativeFrame): string {
  const range = colorRange === av.AVCOL_RANGE_UNSPECIFIED ? av.AVCOL_RANGE_MPEG : colorRange
  return `video_size=${width}x${height}:pix_fmt=${format}:time_base=1/1:colorspace=${colorSpace}:range=${range}`
}

function scaleArguments({ widthPx, heightPx, range }: PictureShape): string {
  return `w=${widthPx}:h=${heightPx}:flags=bilinear:out_color_matrix=bt601:out_range=${range}`
}
