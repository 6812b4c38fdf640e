/** ISO 639-2/T codes of the two-letter tags that turn up in streams; other tags are kept in `elng` alone. */
const THREE_LETTERS = new Map([
  ['ar', 'ara'],
  ['bg', 'bul'],
  ['cs', 'ces'],
  ['da', 'dan'],
  ['de', 'deu'],
  ['el', 'ell'],
  ['en', 'eng'],
  ['es', 'spa'],
  ['et', 'est'],
  ['fa', 'fas'],
  ['fi', 'fin'],
  ['fr', 'fra'],
  ['he', 'heb'],
  ['hi', 'hin'],
  ['hr', 'hrv'],
  ['hu', 'hun'],
  ['id', 'ind'],
  ['it', 'ita'],
  ['ja', 'jpn'],
  ['ko', 'kor'],
  ['lt', 'lit'],
  ['lv', 'lav'],
  ['nl', 'nld'],
  ['no', 'nor'],
  ['pl', 'pol'],
  ['pt', 'por'],
  ['ro', 'ron'],
  ['ru', 'rus'],
  ['sk', 'slk'],
  ['sl', 'slv'],
  ['sr', 'srp'],
  ['sv', 'swe'],
  ['th', 'tha'],
  ['tr', 'tur'],
  ['uk', 'ukr'],
  ['vi', 'vie'],
  ['zh', 'zho'],
])
const TWO_LETTERS = new Map([...THREE_LETTERS].map(([two, three]) => [three, two]))
const UNDETERMINED = 'und'

/** The 15-bit language of mdhd for a BCP 47 tag; `und` where there is none. ISO/IEC 14496-12, 8.4.2.3. */
export function packLanguage(language: string | undefined): number {
  const primary = (language ?? '').split('-')[0]?.toLowerCase() ?? ''
  const code = /^[a-z]{3}$/.test(primary) ? primary : (THREE_LETTERS.get(primary) ?? UNDETERMINED)
  return [...code].reduce((packed, letter) => (packed << 5) | (letter.charCodeAt(0) - 0x60), 0)
}

/** The BCP 47 tag of a packed language; undefined for `und` and for what is no code at all. */
export function unpackLanguage(packed: number): string | undefined {
  const code = String.fromCharCode(((packed >> 10) & 31) + 0x60, ((packed >> 5) & 31) + 0x60, (packed & 31) + 0x60)
  if (code === UNDETERMINED || !/^[a-z]{3}$/.test(code)) return undefined
  return TWO_LETTERS.get(code) ?? code
}
