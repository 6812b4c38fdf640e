import { LimitExceededError } from '../../errors.ts'

/** A date with its (unused by every writer known) zone. AMF0 2.13, AMF3 3.10. */
export class AmfDate {
  readonly epochMs: number
  readonly zoneMinutes: number
  constructor(epochMs: number, zoneMinutes = 0) {
    this.epochMs = epochMs
    this.zoneMinutes = zoneMinutes
  }
}

/** An associative array, which AMF0 writes with another marker than an object. AMF0 2.10. */
export class AmfEcmaArray {
  readonly record: AmfRecord
  constructor(record: AmfRecord) {
    this.record = record
  }
}

/** An object with a class name. AMF0 2.18. */
export class AmfTypedObject {
  readonly className: string
  readonly record: AmfRecord
  constructor(className: string, record: AmfRecord) {
    this.className = className
    this.record = record
  }
}

/** Own properties only; read it with `amfField`, because the names come from a peer. */
export type AmfRecord = { readonly [name: string]: AmfValue }
export type AmfValue =
  | number
  | string
  | boolean
  | null
  | undefined
  | AmfDate
  | AmfEcmaArray
  | AmfTypedObject
  | Uint8Array
  | readonly AmfValue[]
  | AmfRecord

/** The fields of an object, a typed object or an ECMA array; undefined for every other value. */
export function amfRecord(value: AmfValue): AmfRecord | undefined {
  if (value instanceof AmfEcmaArray || value instanceof AmfTypedObject) return value.record
  if (typeof value !== 'object' || value === null || Array.isArray(value)) return undefined
  if (value instanceof AmfDate || value instanceof Uint8Array) return undefined
  return value as AmfRecord
}

/** A field that the object itself holds, never one that every JavaScript object inherits. */
export function amfField(value: AmfValue, name: string): AmfValue {
  const record = amfRecord(value)
  return record !== undefined && Object.hasOwn(record, name) ? record[name] : undefined
}
export function amfString(value: AmfValue, name: string): string | undefined {
  const field = amfField(value, name)
  return typeof field === 'string' ? field : undefined
}
export function amfNumber(value: AmfValue, name: string): number | undefined {
  const field = amfField(value, name)
  return typeof field === 'number' ? field : undefined
}

export type AmfLimits = {
  /** Objects and arrays inside each other. */
  readonly maxDepth: number
  /** Values in one message, all levels together. */
  readonly maxElements: number
}
export const DEFAULT_AMF_LIMITS: AmfLimits = { maxDepth: 32, maxElements: 65_536 }

/** Counts what one message spends of its limits. */
export class AmfBudget {
  readonly #limits: AmfLimits
  #depth = 0
  #elements = 0
  constructor(limits: AmfLimits = DEFAULT_AMF_LIMITS) {
    this.#limits = limits
  }
  enter(): void {
    this.#elements++
    if (this.#elements > this.#limits.maxElements) {
      throw new LimitExceededError(`AMF message holds more than ${this.#limits.maxElements} values`)
    }
    this.#depth++
    if (this.#depth > this.#limits.maxDepth) {
      throw new LimitExceededError(`AMF message is nested more than ${this.#limits.maxDepth} deep`)
    }
  }
  leave(): void {
    this.#depth--
  }
}
