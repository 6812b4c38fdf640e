/** Reading of untrusted JSON: a missing or wrong field becomes undefined, never a TypeError. */
export type JsonRecord = Readonly<Record<string, unknown>>

export function asRecord(value: unknown): JsonRecord {
  return typeof value === 'object' && value !== null ? (value as JsonRecord) : {}
}
export function asList(value: unknown): readonly unknown[] {
  return Array.isArray(value) ? value : []
}
export function readText(record: JsonRecord, key: string): string | undefined {
  const value = record[key]
  return typeof value === 'string' && value !== '' ? value : undefined
}
export function readNumber(record: JsonRecord, key: string): number | undefined {
  const value = record[key]
  return typeof value === 'number' && Number.isFinite(value) ? value : undefined
}
/** Only the entries that are finite numbers. */
export function readCounts(value: unknown): Record<string, number> {
  const counts = Object.entries(asRecord(value)).filter((entry): entry is [string, number] => Number.isFinite(entry[1]))
  return Object.fromEntries(counts)
}
