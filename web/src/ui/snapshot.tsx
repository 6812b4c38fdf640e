import { useEffect, useRef, useState } from 'preact/hooks'
import { Poster } from './poster.tsx'

const REFRESH_MS = 10_000
/** The server makes no pictures of this stream (503): asked again only this often. */
const ABSENT_MS = 60_000

/** The newest picture of a stream, swapped only when the next one is decoded; a poster where there is none. */
export function Snapshot({ name, isLive }: { name: string; isLive: boolean }) {
  const frame = useRef<HTMLDivElement>(null)
  const [hasPicture, setHasPicture] = useState(false)

  useEffect(() => {
    if (!isLive) return
    let timer: ReturnType<typeof setTimeout> | undefined
    let isOver = false
    const refresh = async () => {
      const isLoaded = !document.hidden && (await loadPicture(name))
      if (isOver) return
      if (isLoaded) {
        frame.current?.replaceChildren(isLoaded)
        setHasPicture(true)
      }
      timer = setTimeout(() => void refresh(), isLoaded || document.hidden ? REFRESH_MS : ABSENT_MS)
    }
    void refresh()
    return () => {
      isOver = true
      clearTimeout(timer)
    }
  }, [name, isLive])

  return (
    <div class="snapshot">
      {!hasPicture && <Poster name={name} />}
      <div class="snapshot-frame" ref={frame} />
    </div>
  )
}

/** Decoded and ready to be shown without a flash; undefined where there is none. */
async function loadPicture(name: string): Promise<HTMLImageElement | undefined> {
  const image = new Image()
  image.alt = ''
  image.src = `/${name}/snapshot.jpg?width=480&at=${Math.floor(Date.now() / REFRESH_MS)}`
  try {
    await image.decode()
    return image
  } catch {
    return undefined
  }
}
