import { useEffect, useState } from 'preact/hooks'
import { Icon } from './icons.tsx'

const COPIED_MS = 1600

/** The clipboard interface exists only on https and localhost; a page on a plain LAN address needs the old way. */
async function copyText(text: string): Promise<boolean> {
  try {
    await navigator.clipboard.writeText(text)
    return true
  } catch {
    const area = document.createElement('textarea')
    area.value = text
    area.style.position = 'fixed'
    area.style.opacity = '0'
    ;(document.querySelector('dialog[open]') ?? document.body).append(area)
    area.select()
    const isCopied = document.execCommand('copy')
    area.remove()
    return isCopied
  }
}

/** One line to take away. A long one wraps in `block`, else it is cut off with an ellipsis. */
export function CopyField({ label, text, shape = 'line' }: { label: string; text: string; shape?: 'line' | 'block' }) {
  const [isCopied, setIsCopied] = useState(false)
  useEffect(() => {
    if (!isCopied) return
    const timer = setTimeout(() => setIsCopied(false), COPIED_MS)
    return () => clearTimeout(timer)
  }, [isCopied])

  return (
    <div class={`copy copy-${shape}`}>
      <span class="copy-label">{label}</span>
      <code class="copy-text" title={text}>
        {text}
      </code>
      <button
        type="button"
        class="icon-button copy-button"
        aria-label={`Copy ${label}`}
        title="Copy"
        onClick={async () => setIsCopied(await copyText(text))}
      >
        <Icon name={isCopied ? 'done' : 'copy'} size={18} />
      </button>
      <span class="sr-only" role="status">
        {isCopied ? `${label} copied` : ''}
      </span>
    </div>
  )
}
