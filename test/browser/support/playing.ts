import type { WatchedPage } from './browser.ts'

export const VIDEO = "document.querySelector('video')"
export const PLAYING = "window.__millrace?.state === 'playing'"

type Progress = { readonly currentTime: number; readonly frameCount: number; readonly audioBytes: number }
const PROGRESS = `(() => {
  const video = ${VIDEO}
  return {
    currentTime: video.currentTime,
    frameCount: video.getVideoPlaybackQuality().totalVideoFrames,
    audioBytes: video.webkitAudioDecodedByteCount,
  }
})()`

/** Resolves when a second of picture and sound has been played since now. */
export async function playsOn(watched: WatchedPage): Promise<void> {
  await watched.until(PLAYING)
  const { currentTime, frameCount, audioBytes } = await watched.page.evaluate<Progress>(PROGRESS)
  await watched.until(`(({ currentTime, frameCount, audioBytes }) =>
    currentTime > ${currentTime + 1} && frameCount > ${frameCount + 10} && audioBytes > ${audioBytes})(${PROGRESS})`)
}
