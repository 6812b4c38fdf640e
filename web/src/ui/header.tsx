import { useState } from 'preact/hooks'
import { PublishGuide } from '../pages/list/publish-guide.tsx'
import { Icon, type IconName } from './icons.tsx'
import { Mark } from './mark.tsx'
import { Modal } from './modal.tsx'
import { Link, type Route } from './router.tsx'
import { type Theme, useTheme } from './theme.ts'

const THEME_ICONS = { auto: 'auto', light: 'sun', dark: 'moon' } as const satisfies Record<Theme, IconName>
const THEME_LABELS = {
  auto: 'Colours: as the system. Change to light',
  light: 'Colours: light. Change to dark',
  dark: 'Colours: dark. Change to the system’s',
} as const satisfies Record<Theme, string>

export function Header({ page, isFlowing }: { page: Route['page']; isFlowing: boolean }) {
  const [isGuideOpen, setIsGuideOpen] = useState(false)
  const { theme, next } = useTheme()
  return (
    <header class="header">
      <div class="header-row">
        <Link href="/" class="brand" aria-label="Millrace, all streams">
          <Mark isTurning={isFlowing} />
          <span class="brand-name">Millrace</span>
        </Link>
        <nav class="nav" aria-label="Pages">
          <Link href="/" aria-current={page === 'streams' ? 'page' : undefined}>
            Live
          </Link>
          <Link href="/recordings" aria-current={page === 'recordings' ? 'page' : undefined}>
            Recordings
          </Link>
        </nav>
        <button
          type="button"
          class="button button-quiet"
          aria-label="Publish a stream"
          title="Publish a stream"
          onClick={() => setIsGuideOpen(true)}
        >
          <Icon name="broadcast" size={18} />
          <span class="wide-only">Publish</span>
        </button>
        <button
          type="button"
          class="icon-button"
          aria-label={THEME_LABELS[theme]}
          title={THEME_LABELS[theme]}
          onClick={next}
        >
          <Icon name={THEME_ICONS[theme]} />
        </button>
      </div>
      {isGuideOpen && (
        <Modal title="Publish a stream" onClose={() => setIsGuideOpen(false)}>
          <PublishGuide />
        </Modal>
      )}
    </header>
  )
}
