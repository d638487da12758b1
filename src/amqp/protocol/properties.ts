/*
 * The properties of a message (AMQP 0-9-1 §4.2.6.1): kept as the bytes they came in, and read there.
 *
 *   flags u16 (bit 15 the first property … bit 0: another u16 of flags follows) │ values of those set
 *
 * Rule: bytes off the wire are checked once, by `checkProperties`; everything else here trusts them.
 * The specification defines no property beyond the first 14; like RabbitMQ we let a flag through
 * that stands for nothing, and refuse one that has a value.
 */

import type { Buffer } from 'node:buffer'
import type { HeaderTable, HeaderValue } from '../../embedded/routing/header-value.ts'
import { ByteWriter } from './byte-writer.ts'
import { checkFields } from './field-scan.ts'
import { decodeTable, readTable, within, writeTable } from './field-table.ts'
import { fieldOf } from './table-splice.ts'
import { asBuffer, looseText, WireReader } from './wire-reader.ts'

export interface BasicProperties {
  readonly contentType?: string | undefined
  readonly contentEncoding?: string | undefined
  readonly headers?: HeaderTable | undefined
  /** 2 is persistent. */
  readonly deliveryMode?: number | undefined
  readonly priority?: number | undefined
  readonly correlationId?: string | undefined
  readonly replyTo?: string | undefined
  /** Milliseconds, as text. */
  readonly expiration?: string | undefined
  readonly messageId?: string | undefined
  /** Seconds since 1970. */
  readonly timestamp?: number | undefined
  readonly type?: string | undefined
  readonly userId?: string | undefined
  readonly appId?: string | undefined
  readonly clusterId?: string | undefined
}

/** In the order of the wire. */
export const propertyFlags = {
  contentType: 0x8000,
  contentEncoding: 0x4000,
  headers: 0x2000,
  deliveryMode: 0x1000,
  priority: 0x0800,
  correlationId: 0x0400,
  replyTo: 0x0200,
  expiration: 0x0100,
  messageId: 0x0080,
  timestamp: 0x0040,
  type: 0x0020,
  userId: 0x0010,
  appId: 0x0008,
  clusterId: 0x0004,
} as const satisfies Readonly<Record<keyof BasicProperties, number>>

export type PropertyName = keyof BasicProperties
export type TextProperty = Exclude<
  PropertyName,
  'headers' | 'deliveryMode' | 'priority' | 'timestamp'
>

const moreFlags = 1
const persistentMode = 2
const names = Object.keys(propertyFlags) as readonly PropertyName[]

/** Refuses with 501 what cannot be read as property flags and list. */
export function checkProperties(bytes: Uint8Array): void {
  const flags = bytes.length >= 2 ? flagsAt(bytes, 0) : -1
  // Most messages have no properties, or only a delivery mode.
  if (flags === 0 && bytes.length === 2) return
  if (flags === propertyFlags.deliveryMode && bytes.length === 3) return
  const reader = new WireReader(bytes)
  readFlags(reader)
  for (let flag = 0x8000; flag > 2; flag >>= 1) if ((flags & flag) !== 0) checkValue(reader, flag)
  reader.finish('properties')
}

export function decodeProperties(bytes: Uint8Array): BasicProperties {
  const reader = new WireReader(bytes)
  const flags = readFlags(reader)
  const properties: Partial<Record<PropertyName, unknown>> = {}
  for (const name of names)
    if ((flags & propertyFlags[name]) !== 0) properties[name] = readProperty(reader, name)
  reader.finish('properties')
  return properties as BasicProperties
}

export function encodeProperties(properties: BasicProperties): Buffer {
  const writer = new ByteWriter()
  const present = names.filter((name) => properties[name] !== undefined)
  writer.short(present.reduce((flags, name) => flags | propertyFlags[name], 0))
  for (const name of present) writeProperty(writer, name, properties[name])
  return writer.take()
}

/** Delivery mode 2; without one a message is transient. */
export function persistent(bytes: Uint8Array): boolean {
  const at = propertyAt(bytes, propertyFlags.deliveryMode)
  return at !== -1 && bytes[at] === persistentMode
}

/** 0 when there is none. */
export function priorityOf(bytes: Uint8Array): number {
  const at = propertyAt(bytes, propertyFlags.priority)
  return at === -1 ? 0 : (bytes[at] as number)
}

export const contentTypeOf = (bytes: Uint8Array): string | undefined => textOf(bytes, 'contentType')
export const correlationIdOf = (bytes: Uint8Array): string | undefined =>
  textOf(bytes, 'correlationId')
export const replyToOf = (bytes: Uint8Array): string | undefined => textOf(bytes, 'replyTo')
export const expirationOf = (bytes: Uint8Array): string | undefined => textOf(bytes, 'expiration')
export const messageIdOf = (bytes: Uint8Array): string | undefined => textOf(bytes, 'messageId')
export const userIdOf = (bytes: Uint8Array): string | undefined => textOf(bytes, 'userId')

/** A property that is a short string; undefined when it is not there. */
export function textOf(bytes: Uint8Array, name: TextProperty): string | undefined {
  const at = propertyAt(bytes, propertyFlags[name])
  if (at === -1) return undefined
  return looseText(asBuffer(bytes), at + 1, at + 1 + (bytes[at] as number))
}

export const hasHeaders = (bytes: Uint8Array): boolean =>
  ((bytes[0] as number) & (propertyFlags.headers >> 8)) !== 0

/** Table bytes of the headers, a view; undefined when there are none. */
export function headerBytesOf(bytes: Uint8Array): Uint8Array | undefined {
  const at = propertyAt(bytes, propertyFlags.headers)
  return at === -1 ? undefined : bytes.subarray(at + 4, at + 4 + lengthAt(bytes, at))
}

/** All headers; an empty table when there are none. */
export function decodeHeaders(bytes: Uint8Array): HeaderTable {
  const at = propertyAt(bytes, propertyFlags.headers)
  return at === -1 ? noHeaders : decodeTable(bytes, at + 4, at + 4 + lengthAt(bytes, at))
}

/** One header, without reading the others. */
export function headerOf(bytes: Uint8Array, name: string): HeaderValue | undefined {
  const headers = headerBytesOf(bytes)
  return headers === undefined ? undefined : fieldOf(headers, name)
}

const noHeaders: HeaderTable = new Map()

/** Where the value of a property stands, or -1. */
export function propertyAt(bytes: Uint8Array, flag: number): number {
  const flags = flagsAt(bytes, 0)
  return (flags & flag) === 0 ? -1 : placeOf(bytes, flag)
}

/** Where the value of a property stands, or would stand if it were there. */
export function placeOf(bytes: Uint8Array, flag: number): number {
  const flags = flagsAt(bytes, 0)
  let at = 2
  for (let more = flags; (more & moreFlags) !== 0; at += 2) more = flagsAt(bytes, at)
  for (let before = 0x8000; before > flag; before >>= 1)
    if ((flags & before) !== 0) at += valueBytes(bytes, at, before)
  return at
}

/** Octets of the value at `at`. */
export function valueBytes(bytes: Uint8Array, at: number, flag: number): number {
  switch (flag) {
    case propertyFlags.headers:
      return 4 + lengthAt(bytes, at)
    case propertyFlags.deliveryMode:
    case propertyFlags.priority:
      return 1
    case propertyFlags.timestamp:
      return 8
    default:
      return 1 + (bytes[at] as number)
  }
}

const flagsAt = (bytes: Uint8Array, at: number): number =>
  ((bytes[at] as number) << 8) | (bytes[at + 1] as number)

const lengthAt = (bytes: Uint8Array, at: number): number =>
  flagsAt(bytes, at) * 0x10000 + flagsAt(bytes, at + 2)

/** The first flags. Those that follow stand for properties that nobody defined. */
function readFlags(reader: WireReader): number {
  const flags = reader.short()
  for (let more = flags; (more & moreFlags) !== 0; ) more = reader.short()
  return flags
}

function checkValue(reader: WireReader, flag: number): void {
  switch (flag) {
    case propertyFlags.headers:
      within(reader, 1, checkFields)
      break
    case propertyFlags.deliveryMode:
    case propertyFlags.priority:
      reader.skip(1)
      break
    case propertyFlags.timestamp:
      reader.skip(8)
      break
    default:
      reader.skip(reader.octet())
  }
}

function readProperty(reader: WireReader, name: PropertyName): unknown {
  switch (name) {
    case 'headers':
      return readTable(reader)
    case 'deliveryMode':
    case 'priority':
      return reader.octet()
    case 'timestamp':
      return reader.longlong()
    default: {
      const count = reader.octet()
      const from = reader.skip(count)
      return looseText(reader.bytes, from, reader.at)
    }
  }
}

function writeProperty(writer: ByteWriter, name: PropertyName, value: unknown): void {
  switch (name) {
    case 'headers':
      writeTable(writer, value as HeaderTable)
      break
    case 'deliveryMode':
    case 'priority':
      writer.octet(value as number)
      break
    case 'timestamp':
      writer.longlong(value as number)
      break
    default:
      writer.shortstr(value as string)
  }
}
