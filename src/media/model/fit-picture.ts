export type PictureShape = { readonly widthPx: number; readonly heightPx: number }

/**
 * The size of a picture that is to fit in a box: aspect kept, never enlarged, both sides even (4:2:0 has chroma for
 * pairs of pixels). The box is turned for upright pictures, so that `1280x720` means the same detail for both.
 */
export function fitPicture(picture: PictureShape, box: PictureShape): PictureShape {
  const long = Math.max(box.widthPx, box.heightPx)
  const short = Math.min(box.widthPx, box.heightPx)
  const isUpright = picture.heightPx > picture.widthPx
  const [width, height] = isUpright ? [short, long] : [long, short]
  const scale = Math.min(1, width / picture.widthPx, height / picture.heightPx)
  return { widthPx: even(picture.widthPx * scale), heightPx: even(picture.heightPx * scale) }
}

function even(value: number): number {
  return Math.max(2, 2 * Math.round(value / 2))
}
