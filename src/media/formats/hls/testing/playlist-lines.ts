/** A line with its number, from 1, and the tag's name and value where it is one. */
export type Line = { readonly number: number; readonly text: string; readonly tag: string; readonly value: string }

/** One rule of RFC 8216bis with its clause: where a playlist breaks it, in words. */
export type Rule = {
  readonly name: string
  readonly clause: string
  readonly problems: (lines: readonly Line[]) => string[]
}

export function toLines(text: string): Line[] {
  return text.split('\n').map((line, index) => {
    const [, tag = '', value = ''] = /^#(EXT[A-Z0-9-]*)(?::(.*))?$/.exec(line) ?? []
    return { number: index + 1, text: line, tag, value }
  })
}

export function isUri({ text }: Line): boolean {
  return text !== '' && !text.startsWith('#')
}

export function each(lines: readonly Line[], tag: string): Line[] {
  return lines.filter((line) => line.tag === tag)
}

export function at(line: Line | undefined, problem: string): string {
  return `line ${line?.number ?? '?'}: ${problem}`
}
