import type { ComponentChildren } from 'preact'
import { useEffect } from 'preact/hooks'
import { Header } from './header.tsx'
import type { Route } from './router.tsx'

type ShellProps = { page: Route['page']; title: string; isFlowing: boolean; children: ComponentChildren }

/** What every page has around its content. */
export function Shell({ page, title, isFlowing, children }: ShellProps) {
  useEffect(() => {
    document.title = `${title} · Millrace`
  }, [title])
  return (
    <>
      <a class="skip" href="#content">
        Skip to content
      </a>
      <Header page={page} isFlowing={isFlowing} />
      <main class={`page page-${page}`} id="content">
        {children}
      </main>
    </>
  )
}
