import type { Descriptor } from './program-tables.ts'
import { DESCRIPTOR } from './stream-kind.ts'

/** ISO 639-2 codes (bibliographic and terminological) whose BCP 47 form has two letters; others stay as they are. */
const TWO_LETTERS: readonly (readonly [string, string])[] = [
  ['eng', 'en'],
  ['deu', 'de'],
  ['ger', 'de'],
  ['fra', 'fr'],
  ['fre', 'fr'],
  ['spa', 'es'],
  ['ita', 'it'],
  ['por', 'pt'],
  ['nld', 'nl'],
  ['dut', 'nl'],
  ['rus', 'ru'],
  ['pol', 'pl'],
  ['ces', 'cs'],
  ['cze', 'cs'],
  ['swe', 'sv'],
  ['dan', 'da'],
  ['nor', 'no'],
  ['fin', 'fi'],
  ['ell', 'el'],
  ['gre', 'el'],
  ['tur', 'tr'],
  ['ara', 'ar'],
  ['heb', 'he'],
  ['hin', 'hi'],
  ['jpn', 'ja'],
  ['kor', 'ko'],
  ['zho', 'zh'],
  ['chi', 'zh'],
  ['vie', 'vi'],
  ['tha', 'th'],
  ['ukr', 'uk'],
  ['hun', 'hu'],
  ['ron', 'ro'],
  ['rum', 'ro'],
  ['bul', 'bg'],
]

/** BCP 47 from ISO_639_language_descriptor(), undefined where it is absent or `und`. ISO/IEC 13818-1, 2.6.18. */
export function languageOf(descriptors: readonly Descriptor[]): string | undefined {
  const data = descriptors.find((descriptor) => descriptor.tag === DESCRIPTOR.language)?.data
  if (data === undefined || data.length < 3) return undefined
  const code = String.fromCharCode(...data.subarray(0, 3)).toLowerCase()
  if (!/^[a-z]{3}$/.test(code) || code === 'und') return undefined
  return TWO_LETTERS.find(([three]) => three === code)?.[1] ?? code
}

/** The descriptor for a BCP 47 language, or none where it has no three-letter code that we know. */
export function languageDescriptors(language: string | undefined): Descriptor[] {
  const primary = language?.split('-')[0]?.toLowerCase() ?? ''
  const code = TWO_LETTERS.find(([, two]) => two === primary)?.[0] ?? primary
  if (!/^[a-z]{3}$/.test(code)) return []
  const letters = [...code].map((letter) => letter.charCodeAt(0))
  return [{ tag: DESCRIPTOR.language, data: Uint8Array.from([...letters, 0]) }]
}
