/*
 * Tables of AMQP (arguments, headers) as JSON, and back.
 *
 *   bytes ─▶ text where they are UTF-8, else base64        whole number beyond 2^53 ─▶ text
 *
 * Rule: names come from clients. Objects are made with `Object.fromEntries`, which defines members and
 * calls no setter, and read with `Object.entries`.
 */

import { Buffer } from 'node:buffer'
import type { HeaderTable, HeaderValue } from '../../embedded/routing/header-value.ts'
import { HomingError } from '../../errors.ts'
import type { Arguments } from '../shapes/arguments.ts'

/** As deep as tables may be on the wire. */
const depthMax = 32

export const jsonFromTable = (table: HeaderTable): Arguments =>
  Object.fromEntries([...table].map(([name, value]) => [name, jsonFromValue(value)]))

function jsonFromValue(value: HeaderValue): unknown {
  if (typeof value === 'bigint') return value.toString()
  if (value instanceof Uint8Array) return textOrBase64(value)
  if (value instanceof Map) return jsonFromTable(value)
  if (Array.isArray(value)) return (value as readonly HeaderValue[]).map(jsonFromValue)
  return value
}

function textOrBase64(bytes: Uint8Array): string {
  try {
    return new TextDecoder('utf-8', { fatal: true }).decode(bytes)
  } catch {
    return Buffer.from(bytes).toString('base64')
  }
}

/** Fails with `bad-argument` when it is nested too deep. */
export const tableFromJson = (object: object, depth = 0): HeaderTable =>
  new Map(Object.entries(object).map(([name, value]) => [name, valueFromJson(value, depth + 1)]))

function valueFromJson(value: unknown, depth: number): HeaderValue {
  if (depth > depthMax) {
    throw new HomingError('bad-argument', `arguments are nested over ${depthMax} deep`)
  }
  if (Array.isArray(value)) return value.map((one) => valueFromJson(one, depth + 1))
  if (typeof value === 'object' && value !== null) return tableFromJson(value, depth)
  return value as string | number | boolean | null
}
