/** Of decoded video: samples and the shape of one (sample aspect ratio; 0:1 where unknown). */
export type VideoShape = {
  readonly widthPx: number
  readonly heightPx: number
  readonly sampleWidth: number
  readonly sampleHeight: number
}

const LEAST_PX = 2

/** Size of a picture with square pixels: never larger than the video in either direction, even, the aspect kept. */
export function pictureSize(video: VideoShape, widthPx: number | undefined): { widthPx: number; heightPx: number } {
  const known = video.sampleWidth > 0 && video.sampleHeight > 0
  const sample = known ? video.sampleWidth / video.sampleHeight : 1
  const fullWidth = sample >= 1 ? video.widthPx : video.widthPx * sample
  const fullHeight = sample >= 1 ? video.heightPx / sample : video.heightPx
  const scale = Math.min(1, (widthPx ?? fullWidth) / fullWidth)
  return { widthPx: even(fullWidth * scale), heightPx: even(fullHeight * scale) }
}

function even(value: number): number {
  return Math.max(LEAST_PX, 2 * Math.floor((value + 0.5) / 2))
}
