/** iPhone can only show the video element itself on the whole screen. */
type FullscreenVideo = HTMLVideoElement & { webkitEnterFullscreen?(): void }

export async function toggleFullscreen(frame: HTMLElement | null, video: FullscreenVideo | null): Promise<void> {
  try {
    if (document.fullscreenElement) await document.exitFullscreen()
    else if (frame?.requestFullscreen) await frame.requestFullscreen()
    else video?.webkitEnterFullscreen?.()
  } catch {
    // Refused by the browser or by an embedding page: the picture stays as large as it is.
  }
}

export async function togglePictureInPicture(video: HTMLVideoElement | null): Promise<void> {
  try {
    if (document.pictureInPictureElement) await document.exitPictureInPicture()
    else await video?.requestPictureInPicture()
  } catch {
    // Refused by the browser: nothing changes.
  }
}
