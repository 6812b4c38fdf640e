import { useCallback, useEffect, useRef, useState } from 'preact/hooks'

export type Poll<T> = {
  /** The newest answer; stays while later requests fail. */
  readonly data: T | undefined
  /** Why the newest request failed; undefined once one succeeds. */
  readonly error: Error | undefined
  reload(): void
}

/**
 * Asks now and every `intervalMs` after an answer, not while the page is hidden. `load` must be stable: a new function
 * starts anew.
 */
export function usePoll<T>(load: (signal: AbortSignal) => Promise<T>, intervalMs: number): Poll<T> {
  const [data, setData] = useState<T>()
  const [error, setError] = useState<Error>()
  const ask = useRef(() => {})

  useEffect(() => {
    const controller = new AbortController()
    const { signal } = controller
    let timer: ReturnType<typeof setTimeout> | undefined
    let asking = false

    const run = async () => {
      if (asking || document.hidden) return
      asking = true
      clearTimeout(timer)
      try {
        const answer = await load(signal)
        if (signal.aborted) return
        setData(() => answer)
        setError(undefined)
      } catch (reason) {
        if (signal.aborted) return
        setError(reason instanceof Error ? reason : new Error(String(reason)))
      } finally {
        asking = false
        if (!signal.aborted) timer = setTimeout(() => void run(), intervalMs)
      }
    }

    ask.current = () => void run()
    document.addEventListener('visibilitychange', ask.current, { signal })
    void run()
    return () => {
      clearTimeout(timer)
      controller.abort()
    }
  }, [load, intervalMs])

  const reload = useCallback(() => ask.current(), [])
  return { data, error, reload }
}
