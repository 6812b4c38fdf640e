const BAR_WIDTH = 30

export type Terminal = { readonly isTTY?: boolean; write(text: string): unknown }

/** Draws how much is done, 0 to 1, over and over on one line; nothing where nobody looks. */
export function progressBar(name: string, terminal: Terminal): (share: number) => void {
  let shown = ''
  return (share) => {
    if (!terminal.isTTY) return
    const done = Math.round(share * BAR_WIDTH)
    const line = `\r${name} [${'='.repeat(done)}${' '.repeat(BAR_WIDTH - done)}] ${Math.round(share * 100)} %`
    if (line !== shown) terminal.write(line)
    shown = line
  }
}
