/*
 * Values of message headers and of the arguments of bindings and exchanges, as AMQP tables have them:
 *
 *   text · number · whole number beyond 2^53 · true, false · nothing · bytes · list · table
 *
 * Tables are Maps: their names come off the wire. In checkpoints a value is JSON, with what JSON
 * lacks wrapped in an object of one field.
 */

import { Buffer } from 'node:buffer'

export type HeaderValue =
  | string
  | number
  | bigint
  | boolean
  /** AMQP's void. */
  | null
  | Uint8Array
  | readonly HeaderValue[]
  | HeaderTable
export type HeaderTable = ReadonlyMap<string, HeaderValue>

/** All that routing asks of a message's headers; a Map will do. */
export interface Headers {
  get(name: string): HeaderValue | undefined
}

export type PlainValue =
  | string
  | number
  | boolean
  | null
  | readonly PlainValue[]
  | { readonly big: string }
  | { readonly real: string }
  | { readonly bytes: string }
  | { readonly table: readonly PlainEntry[] }
export type PlainEntry = readonly [name: string, value: PlainValue]

/**
 * By value, as RabbitMQ compares: numbers are equal across their widths, a text equals its own UTF-8
 * bytes, tables whatever the order of their names.
 */
export function equalValues(a: HeaderValue, b: HeaderValue): boolean {
  if (a === b) return true
  if (typeof a === 'bigint' && typeof b === 'number') return Number.isInteger(b) && BigInt(b) === a
  if (typeof a === 'number' && typeof b === 'bigint') return equalValues(b, a)
  if (isBinary(a) && isBinary(b)) return Buffer.from(a).equals(Buffer.from(b))
  if (isList(a) && isList(b)) return a.length === b.length && a.every((v, n) => isAt(b, n, v))
  if (isTable(a) && isTable(b)) return equalTables(a, b)
  return false
}

export function equalTables(a: HeaderTable, b: HeaderTable): boolean {
  if (a.size !== b.size) return false
  for (const [name, value] of a) {
    const other = b.get(name)
    if (other === undefined || !equalValues(value, other)) return false
  }
  return true
}

/** One text for all equal tables of the same types, whatever the order of their names. */
export function tableKey(table: HeaderTable): string {
  return table.size === 0 ? '' : JSON.stringify(sortedEntries(table))
}

export const plainTable = (table: HeaderTable): readonly PlainEntry[] =>
  [...table].map(([name, value]) => [name, plainValue(value)] as const)

export const tableFrom = (entries: readonly PlainEntry[]): HeaderTable =>
  new Map(entries.map(([name, value]) => [name, valueFrom(value)]))

function plainValue(value: HeaderValue): PlainValue {
  if (typeof value === 'bigint') return { big: String(value) }
  if (typeof value === 'number')
    return Number.isFinite(value) && !Object.is(value, -0) ? value : { real: realText(value) }
  if (value === null || typeof value !== 'object') return value
  if (value instanceof Uint8Array) return { bytes: Buffer.from(value).toString('base64') }
  return isTable(value) ? { table: plainTable(value) } : value.map(plainValue)
}

function valueFrom(value: PlainValue): HeaderValue {
  if (value === null || typeof value !== 'object') return value
  if ('big' in value) return BigInt(value.big)
  if ('real' in value) return Number(value.real)
  if ('bytes' in value) return Buffer.from(value.bytes, 'base64')
  return 'table' in value ? tableFrom(value.table) : value.map(valueFrom)
}

const realText = (value: number): string => (Object.is(value, -0) ? '-0' : String(value))

function sortedEntries(table: HeaderTable): readonly PlainEntry[] {
  const entries = [...table].sort(([a], [b]) => (a < b ? -1 : 1))
  return entries.map(([name, value]) => [name, sortedValue(value)] as const)
}

function sortedValue(value: HeaderValue): PlainValue {
  if (isList(value)) return value.map(sortedValue)
  return isTable(value) ? { table: sortedEntries(value) } : plainValue(value)
}

const isAt = (list: readonly HeaderValue[], at: number, value: HeaderValue): boolean =>
  equalValues(list[at] as HeaderValue, value)
const isBinary = (value: HeaderValue): value is string | Uint8Array =>
  typeof value === 'string' || value instanceof Uint8Array
const isList = (value: HeaderValue): value is readonly HeaderValue[] => Array.isArray(value)
const isTable = (value: HeaderValue): value is HeaderTable => value instanceof Map
