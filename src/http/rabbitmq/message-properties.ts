/*
 * Properties of a message under the names that RabbitMQ's API has for them: `content_type`, `delivery_mode` …
 */

import { Buffer } from 'node:buffer'
import {
  type BasicProperties,
  checkProperties,
  decodeProperties,
  encodeProperties,
} from '../../amqp/protocol/properties.ts'
import { HomingError } from '../../errors.ts'
import { jsonFromTable, tableFromJson } from './json-table.ts'

const texts = new Map<string, keyof BasicProperties>([
  ['content_type', 'contentType'],
  ['content_encoding', 'contentEncoding'],
  ['correlation_id', 'correlationId'],
  ['reply_to', 'replyTo'],
  ['expiration', 'expiration'],
  ['message_id', 'messageId'],
  ['type', 'type'],
  ['user_id', 'userId'],
  ['app_id', 'appId'],
  ['cluster_id', 'clusterId'],
])

const numbers = new Map<string, readonly [name: keyof BasicProperties, max: number]>([
  ['delivery_mode', ['deliveryMode', 255]],
  ['priority', ['priority', 255]],
  ['timestamp', ['timestamp', Number.MAX_SAFE_INTEGER]],
])

const textBytesMax = 255

/** Fails with `bad-argument`. */
export function propertyBytes(given: Readonly<Record<string, unknown>>): Uint8Array {
  const entries = Object.entries(given).map(([name, value]) => propertyFrom(name, value))
  const bytes = encodeProperties(Object.fromEntries(entries) as BasicProperties)
  checkProperties(bytes)
  return bytes
}

function propertyFrom(name: string, value: unknown): readonly [keyof BasicProperties, unknown] {
  const text = texts.get(name)
  if (text !== undefined) return [text, checkedText(name, value)]
  const [number, max] = numbers.get(name) ?? []
  if (number !== undefined && max !== undefined) return [number, checkedNumber(name, value, max)]
  if (name !== 'headers') throw bad(`properties have no "${name.slice(0, 80)}"`)
  if (typeof value !== 'object' || value === null) throw bad('headers are no object')
  return ['headers', tableFromJson(value)]
}

function checkedText(name: string, value: unknown): string {
  if (typeof value !== 'string' && typeof value !== 'number') throw bad(`${name} is no text`)
  const text = String(value)
  if (Buffer.byteLength(text) > textBytesMax) throw bad(`${name} is over ${textBytesMax} bytes`)
  return text
}

function checkedNumber(name: string, value: unknown, max: number): number {
  const number = typeof value === 'string' && /^\d+$/.test(value) ? Number(value) : value
  if (Number.isSafeInteger(number) && (number as number) >= 0 && (number as number) <= max)
    return number as number
  throw bad(`${name} is no whole number from 0 to ${max}`)
}

const bad = (what: string): HomingError => new HomingError('bad-argument', `the message: ${what}`)

export function jsonFromProperties(bytes: Uint8Array): Record<string, unknown> {
  const properties = decodeProperties(bytes)
  const all = [
    ...[...numbers].map(([name, [property]]) => [name, properties[property]] as const),
    ...[...texts].map(([name, property]) => [name, properties[property]] as const),
    ['headers', properties.headers && jsonFromTable(properties.headers)] as const,
  ]
  return Object.fromEntries(all.filter(([, value]) => value !== undefined))
}
