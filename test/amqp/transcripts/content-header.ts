/*
 * The content header of class basic: body size and properties.
 *
 *   class 2 | weight 2 | body size 8 | property flags 2 (bit 15 first) | properties in flag order
 */

import { OctetReader, OctetWriter } from './octets.ts'
import { quoted, tableText, type ValueTable } from './typed-value.ts'

const propertyTypes = {
  contentType: 'shortstr',
  contentEncoding: 'shortstr',
  headers: 'table',
  deliveryMode: 1,
  priority: 1,
  correlationId: 'shortstr',
  replyTo: 'shortstr',
  expiration: 'shortstr',
  messageId: 'shortstr',
  timestamp: 8,
  type: 'shortstr',
  userId: 'shortstr',
  appId: 'shortstr',
  clusterId: 'shortstr',
} as const

type PropertyName = keyof typeof propertyTypes
const names = Object.keys(propertyTypes) as PropertyName[]

export interface Properties {
  readonly contentType?: string
  readonly contentEncoding?: string
  readonly headers?: ValueTable
  readonly deliveryMode?: number
  readonly priority?: number
  readonly correlationId?: string
  readonly replyTo?: string
  readonly expiration?: string
  readonly messageId?: string
  readonly timestamp?: number
  readonly type?: string
  readonly userId?: string
  readonly appId?: string
  readonly clusterId?: string
}

export interface ContentHeader {
  readonly bodyBytes: number
  readonly properties: Properties
  /** Flags and list, as received. */
  readonly propertyBytes: Buffer
}

export function headerPayload(bodyBytes: number | bigint, properties: Properties = {}): Buffer {
  const list = new OctetWriter()
  let flags = 0
  for (const [at, name] of names.entries()) {
    const value = properties[name]
    if (value === undefined) continue
    flags |= 0x8000 >> at
    const type = propertyTypes[name]
    if (type === 'shortstr') list.shortString(value as string)
    else if (type === 'table') list.table(value as ValueTable)
    else list.integer(value as number, type)
  }
  return headerPayloadOf(bodyBytes, new OctetWriter().integer(flags, 2).raw(list.bytes).bytes)
}

/** With property bytes of any kind. */
export function headerPayloadOf(bodyBytes: number | bigint, propertyBytes: Uint8Array): Buffer {
  const writer = new OctetWriter().integer(60, 2).integer(0, 2).integer(bodyBytes, 8)
  return writer.raw(propertyBytes).bytes
}

export function contentHeaderOf(payload: Uint8Array): ContentHeader {
  const reader = new OctetReader(payload)
  reader.raw(4)
  const bodyBytes = reader.unsigned(8)
  const propertyBytes = Buffer.from(payload.subarray(12))
  const flags = reader.unsigned(2)
  const properties: Record<string, string | number | ValueTable> = {}
  for (const [at, name] of names.entries()) {
    if ((flags & (0x8000 >> at)) === 0) continue
    const type = propertyTypes[name]
    if (type === 'shortstr') properties[name] = reader.shortString()
    else properties[name] = type === 'table' ? reader.table() : reader.unsigned(type)
  }
  if (reader.remaining > 0) throw new Error(`${reader.remaining} octets after the properties`)
  return { bodyBytes, properties, propertyBytes }
}

export function propertiesText(properties: Properties): string {
  return names
    .filter((name) => properties[name] !== undefined)
    .map((name) => {
      const value = properties[name]
      if (typeof value === 'string') return ` ${name}=${quoted(value)}`
      return ` ${name}=${typeof value === 'object' ? tableText(value) : value}`
    })
    .join('')
}
