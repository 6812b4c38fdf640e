import { useState } from 'preact/hooks'

export const THEMES = ['auto', 'light', 'dark'] as const
export type Theme = (typeof THEMES)[number]

const STORAGE_KEY = 'millrace.theme'

function storedTheme(): Theme {
  const stored = localStorage.getItem(STORAGE_KEY)
  return THEMES.find((theme) => theme === stored) ?? 'auto'
}

/** `auto` leaves it to the system (prefers-color-scheme). */
export function applyTheme(theme: Theme = storedTheme()): void {
  if (theme === 'auto') delete document.documentElement.dataset.theme
  else document.documentElement.dataset.theme = theme
}

export function useTheme(): { readonly theme: Theme; next(): void } {
  const [theme, setTheme] = useState(storedTheme)
  const next = () => {
    const chosen = THEMES[(THEMES.indexOf(theme) + 1) % THEMES.length] ?? 'auto'
    localStorage.setItem(STORAGE_KEY, chosen)
    applyTheme(chosen)
    setTheme(chosen)
  }
  return { theme, next }
}
