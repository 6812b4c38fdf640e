/** An element as a test sees it. */
export type XmlElement = {
  readonly name: string
  readonly attributes: ReadonlyMap<string, string>
  readonly children: readonly XmlElement[]
  readonly text: string
}

const TOKEN = /<\?[^?]*\?>|<(\/?)([A-Za-z:]+)((?:\s+[A-Za-z:]+="[^"<]*")*)\s*(\/?)>|([^<]+)/gy
const ENTITIES: Readonly<Record<string, string>> = { amp: '&', lt: '<', gt: '>', quot: '"' }

type Draft = { name: string; attributes: Map<string, string>; children: Draft[]; text: string }

/** The little of XML that MPDs use; throws on anything else. */
export function parseXml(source: string): XmlElement {
  const root: Draft = { name: '', attributes: new Map(), children: [], text: '' }
  const open = [root]
  TOKEN.lastIndex = 0
  while (TOKEN.lastIndex < source.length) {
    const at = TOKEN.lastIndex
    const match = TOKEN.exec(source)
    const parent = open.at(-1)
    if (!match || !parent) throw new Error(`not well-formed at ${at}: ${source.slice(at, at + 40)}`)
    const [, close, name, attributes = '', empty, text] = match
    if (text !== undefined) parent.text += unescaped(text)
    else if (close) {
      if (open.pop()?.name !== name) throw new Error(`</${name}> closes another element`)
    } else if (name !== undefined) {
      const child = { name, attributes: parseAttributes(attributes), children: [], text: '' }
      parent.children.push(child)
      if (!empty) open.push(child)
    }
  }
  const [only] = root.children
  if (open.length !== 1 || root.children.length !== 1 || !only) throw new Error('not one whole document')
  return only
}

function parseAttributes(text: string): Map<string, string> {
  const attributes = new Map<string, string>()
  for (const [, name = '', value = ''] of text.matchAll(/([A-Za-z:]+)="([^"]*)"/g)) {
    if (attributes.has(name)) throw new Error(`${name} stands twice`)
    attributes.set(name, unescaped(value))
  }
  return attributes
}

function unescaped(text: string): string {
  return text.replace(/&(\w+);/g, (_, name: string) => {
    const sign = ENTITIES[name]
    if (sign === undefined) throw new Error(`unknown entity ${name}`)
    return sign
  })
}
