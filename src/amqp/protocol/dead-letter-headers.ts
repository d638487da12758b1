/*
 * What the copy of a message that dies says of its history, as RabbitMQ writes it.
 *
 *   x-death  [ newest, …, oldest ]   one entry for each queue and reason:
 *              count, exchange, original-expiration?, queue, reason, routing-keys, time (of the first)
 *   x-first-death-queue, -reason, -exchange    of the first death, never changed afterwards
 *   x-last-death-queue, -reason, -exchange     of this one
 *
 * Rules: an entry that is there already is counted up and moved to the front, its other fields as they
 * were. `expiration` is removed, or the copy would die of it again; the entry keeps it. CC is removed
 * when the dead-letter routing key takes the place of all keys. All other bytes stay as they came.
 */

import { Buffer } from 'node:buffer'
import type { HeaderValue } from '../../embedded/routing/header-value.ts'
import { ByteWriter } from './byte-writer.ts'
import { ElementScan, FieldScan } from './field-scan.ts'
import { fieldType } from './field-type.ts'
import { expirationOf, headerBytesOf } from './properties.ts'
import { withHeaders, withText } from './property-splice.ts'
import { fieldOf, writeField, writeWithout } from './table-splice.ts'

export type DeathReason = 'rejected' | 'expired' | 'maxlen' | 'delivery_limit'

export interface Death {
  /** Where it died, without its virtual host. */
  readonly queue: string
  readonly reason: DeathReason
  /** What it was published to before it died, without its virtual host. */
  readonly exchange: string
  /** The key it was published with, then those of CC. */
  readonly routingKeys: readonly string[]
  readonly timeSeconds: number
  /** True when the queue has a dead-letter routing key. */
  readonly dropCC: boolean
}

/** An element of x-death; clients can put anything there. */
interface Entry {
  /** Type octet and value. */
  readonly element: Buffer
  /** Table bytes; undefined when it is no table. */
  readonly table: Buffer | undefined
  readonly queue: HeaderValue | undefined
  readonly reason: HeaderValue | undefined
}

const countMax = 2n ** 63n - 1n
const none = Buffer.alloc(0)

/** The properties of the dead-lettered copy; `properties` are those of the message that dies. */
export function deadLetteredProperties(properties: Uint8Array, death: Death): Buffer {
  const headers = headerBytesOf(properties) ?? none
  const writer = new ByteWriter()
  // Asked of the header, not of entries: what a client made of it tells nothing of the first death.
  const first = !hasField(headers, 'x-death')
  writeWithout(writer, headers, replaced(first, death.dropCC))
  if (first) nameDeath(writer, firstNames, death)
  nameDeath(writer, lastNames, death)
  writer.shortstr('x-death')
  writer.octet(fieldType.array)
  const begun = writer.beginLength()
  writeEntries(writer, properties, death)
  writer.endLength(begun)
  return withText(withHeaders(properties, writer.take()), 'expiration', undefined)
}

/**
 * Whether a copy went round to that queue all by itself: it has died there before, and since then no
 * consumer rejected it. Such a copy is dropped. `properties` are those of the copy, with the death it
 * comes from: a queue that dead-letters into itself is the shortest cycle.
 */
export function deathCycle(properties: Uint8Array, queue: string): boolean {
  for (const entry of entriesOf(headerBytesOf(properties) ?? none)) {
    // Only a client writes what is no table, so a client had it in between.
    if (entry.table === undefined || entry.reason === 'rejected') return false
    if (entry.queue === queue) return true
  }
  return false
}

const firstNames = [
  'x-first-death-queue',
  'x-first-death-reason',
  'x-first-death-exchange',
] as const
const lastNames = ['x-last-death-queue', 'x-last-death-reason', 'x-last-death-exchange'] as const

function replaced(first: boolean, dropCC: boolean): readonly string[] {
  const names: string[] = ['x-death', ...lastNames]
  if (first) names.push(...firstNames)
  if (dropCC) names.push('CC')
  return names
}

function nameDeath(
  writer: ByteWriter,
  [queue, reason, exchange]: typeof firstNames | typeof lastNames,
  death: Death,
): void {
  writeField(writer, queue, death.queue)
  writeField(writer, reason, death.reason)
  writeField(writer, exchange, death.exchange)
}

function writeEntries(writer: ByteWriter, properties: Uint8Array, death: Death): void {
  const isSame = (entry: Entry) => entry.queue === death.queue && entry.reason === death.reason
  const entries = entriesOf(headerBytesOf(properties) ?? none)
  const same = entries.filter(isSame)
  writer.octet(fieldType.table)
  const begun = writer.beginLength()
  const [known] = same
  if (known?.table) writeCountedUp(writer, known.table, same.length)
  else writeFirst(writer, death, expirationOf(properties))
  writer.endLength(begun)
  for (const entry of entries) if (!isSame(entry)) writer.raw(entry.element)
}

/** The entry with everything but its count as it was. */
function writeCountedUp(writer: ByteWriter, table: Buffer, entries: number): void {
  const count = fieldOf(table, 'count')
  const counted = typeof count === 'bigint' || Number.isInteger(count) ? count : entries
  const next = BigInt(counted as number | bigint) + 1n
  writeCount(writer, next > countMax ? countMax : next)
  writeWithout(writer, table, ['count'])
}

/** Sorted by name, as RabbitMQ does. */
function writeFirst(writer: ByteWriter, death: Death, expiration: string | undefined): void {
  writeCount(writer, 1n)
  writeField(writer, 'exchange', death.exchange)
  if (expiration !== undefined) writeField(writer, 'original-expiration', expiration)
  writeField(writer, 'queue', death.queue)
  writeField(writer, 'reason', death.reason)
  writeField(writer, 'routing-keys', death.routingKeys)
  writer.shortstr('time')
  writer.octet(fieldType.timestamp)
  writer.longlong(death.timeSeconds)
}

/** 64 bits whatever the number: clients read it as a long. */
function writeCount(writer: ByteWriter, count: bigint): void {
  writer.shortstr('count')
  writer.octet(fieldType.int64)
  writer.reserve(8)
  writer.at = writer.bytes.writeBigInt64BE(count, writer.at)
}

function hasField(tableBytes: Uint8Array, name: string): boolean {
  const scan = new FieldScan(tableBytes)
  while (scan.next()) if (scan.isNamed(name)) return true
  return false
}

function entriesOf(headers: Uint8Array): readonly Entry[] {
  const scan = new FieldScan(headers)
  while (scan.next())
    if (scan.isNamed('x-death')) return scan.type === fieldType.array ? elementsOf(scan) : []
  return []
}

function elementsOf({ bytes, valueFrom, end }: FieldScan): readonly Entry[] {
  const entries: Entry[] = []
  const elements = new ElementScan(bytes, valueFrom + 5, end)
  while (elements.next()) {
    const isTable = elements.type === fieldType.table
    const table = isTable ? bytes.subarray(elements.from + 5, elements.end) : undefined
    entries.push({
      element: bytes.subarray(elements.from, elements.end),
      table,
      queue: table && fieldOf(table, 'queue'),
      reason: table && fieldOf(table, 'reason'),
    })
  }
  return entries
}
