/*
 * Properties of AMQP messages as JSON: tables as objects, bytes as base64, whole numbers beyond 2^53 as text.
 */

import type { BasicProperties } from '../amqp/protocol/properties.ts'
import type { HeaderTable, HeaderValue } from '../embedded/routing/header-value.ts'
import { base64Of } from './results/outcome-answer.ts'
import type { PropertiesJson } from './shapes/shared-shapes.ts'

export function shownProperties({ headers, ...others }: BasicProperties): PropertiesJson {
  return { ...others, ...(headers !== undefined && { headers: tableJson(headers) }) }
}

/** Names come off the wire: `__proto__` is one like any other. */
const tableJson = (table: HeaderTable): unknown =>
  Object.fromEntries([...table].map(([name, value]) => [name, valueJson(value)]))

function valueJson(value: HeaderValue): unknown {
  if (typeof value === 'bigint') return String(value)
  if (value === null || typeof value !== 'object') return value
  if (value instanceof Uint8Array) return { base64: base64Of(value) }
  return isTable(value) ? tableJson(value) : value.map(valueJson)
}

const isTable = (value: readonly HeaderValue[] | HeaderTable): value is HeaderTable =>
  value instanceof Map
