export type XmlAttributes = Readonly<Record<string, string | number | boolean | undefined>>
export type XmlNode = {
  readonly name: string
  readonly attributes: XmlAttributes
  readonly children: readonly (XmlNode | string)[]
}

/** An element; attributes that are undefined are left out. */
export function element(
  name: string,
  attributes: XmlAttributes,
  children: readonly (XmlNode | string)[] = [],
): XmlNode {
  return { name, attributes, children }
}

/** The document as text, one element a line. Extensible Markup Language 1.0. */
export function formatXml(root: XmlNode): string {
  return `<?xml version="1.0" encoding="UTF-8"?>\n${lines(root, '').join('\n')}\n`
}

function lines({ name, attributes, children }: XmlNode, indent: string): string[] {
  const head = `${indent}<${name}${Object.entries(attributes).map(attribute).join('')}`
  if (children.length === 0) return [`${head}/>`]
  const [only] = children
  if (children.length === 1 && typeof only === 'string') return [`${head}>${escaped(only)}</${name}>`]
  const inner = children.flatMap((child) =>
    typeof child === 'string' ? [`${indent}  ${escaped(child)}`] : lines(child, `${indent}  `),
  )
  return [`${head}>`, ...inner, `${indent}</${name}>`]
}

function attribute([name, value]: readonly [string, string | number | boolean | undefined]): string {
  return value === undefined ? '' : ` ${name}="${escaped(String(value))}"`
}

const ENTITIES: Readonly<Record<string, string>> = { '&': '&amp;', '<': '&lt;', '>': '&gt;', '"': '&quot;' }

/** What XML 1.0 cannot hold at all is left out. */
function escaped(text: string): string {
  return text.replace(/[^\t\n\r\u0020-\ud7ff\ue000-\ufffd]/g, '').replace(/[&<>"]/g, (sign) => ENTITIES[sign] ?? '')
}
