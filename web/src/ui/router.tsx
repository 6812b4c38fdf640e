import type { ComponentChildren } from 'preact'
import { useEffect, useState } from 'preact/hooks'

export type Route =
  | { readonly page: 'streams' }
  | { readonly page: 'recordings' }
  | { readonly page: 'player'; readonly name: string }

const MOVED = 'millrace:moved'

/** Every address of the page is a stream's name, but for two. */
export function parseRoute(pathname: string): Route {
  const path = decode(pathname).replace(/^\/+|\/+$/g, '')
  if (path === '') return { page: 'streams' }
  if (path === 'recordings') return { page: 'recordings' }
  return { page: 'player', name: path }
}

function decode(text: string): string {
  try {
    return decodeURIComponent(text)
  } catch {
    return text
  }
}

export function useRoute(): Route {
  const [pathname, setPathname] = useState(location.pathname)
  useEffect(() => {
    const update = () => setPathname(location.pathname)
    addEventListener('popstate', update)
    addEventListener(MOVED, update)
    return () => {
      removeEventListener('popstate', update)
      removeEventListener(MOVED, update)
    }
  }, [])
  return parseRoute(pathname)
}

function isPlainClick(event: MouseEvent): boolean {
  return event.button === 0 && !event.metaKey && !event.ctrlKey && !event.shiftKey && !event.altKey
}

type LinkProps = {
  href: string
  class?: string
  'aria-current'?: 'page' | undefined
  'aria-label'?: string
  children: ComponentChildren
}

/** An ordinary link that changes the page without loading it again. */
export function Link({ href, children, ...rest }: LinkProps) {
  const onClick = (event: MouseEvent) => {
    if (!isPlainClick(event)) return
    event.preventDefault()
    history.pushState(null, '', href)
    scrollTo(0, 0)
    dispatchEvent(new Event(MOVED))
  }
  return (
    <a href={href} onClick={onClick} {...rest}>
      {children}
    </a>
  )
}
