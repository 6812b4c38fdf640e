import { MalformedInputError } from '../../errors.ts'

const ATTRIBUTE = /([A-Z0-9-]+)=("[^"\r\n]*"|[^",\s][^",]*)(?:,|$)/y

/** Attribute list of a tag, quotes taken off. RFC 8216bis, 4.2. */
export function parseAttributeList(text: string): Map<string, string> {
  const attributes = new Map<string, string>()
  ATTRIBUTE.lastIndex = 0
  while (ATTRIBUTE.lastIndex < text.length) {
    const at = ATTRIBUTE.lastIndex
    const [, name, value] = ATTRIBUTE.exec(text) ?? []
    if (name === undefined || value === undefined) throw new MalformedInputError('attribute-list', at, 'cannot be read')
    if (attributes.has(name)) throw new MalformedInputError(name, at, 'appears twice')
    attributes.set(name, value.startsWith('"') ? value.slice(1, -1) : value)
  }
  return attributes
}
