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
import { writeValue } from './field-table.ts'
import { fieldType } from './field-type.ts'
import { expirationOf, headerBytesOf } from './properties.ts'
import { withHeaders, withText } from './property-splice.ts'
import { fieldOf, tableWithEncoded, tableWithout } from './table-splice.ts'

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
  const entries = entriesOf(headers)
  const additions = new Map<string, Uint8Array>()
  // Not "no entries": what a client made of the header tells nothing of the first death.
  if (!hasField(headers, 'x-death')) nameDeath(additions, 'x-first-death', death)
  nameDeath(additions, 'x-last-death', death)
  additions.set('x-death', encoded(fieldType.array, newestFirst(entries, death, properties)))
  const kept = death.dropCC ? tableWithout(headers, ['CC']) : headers
  const copied = withHeaders(properties, tableWithEncoded(kept, additions))
  return withText(copied, 'expiration', undefined)
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

function newestFirst(entries: readonly Entry[], death: Death, properties: Uint8Array): Buffer {
  const same = entries.filter(
    ({ queue, reason }) => queue === death.queue && reason === death.reason,
  )
  const [known] = same
  const newest = known?.table
    ? countedUp(known.table, same.length)
    : firstOf(death, expirationOf(properties))
  const others = entries.filter((entry) => !same.includes(entry)).map(({ element }) => element)
  return Buffer.concat([encoded(fieldType.table, newest), ...others])
}

/** Table bytes of the entry, with everything but its count as it was. */
function countedUp(table: Buffer, entries: number): Buffer {
  const writer = new ByteWriter()
  const count = fieldOf(table, 'count')
  const counted = typeof count === 'bigint' || Number.isInteger(count) ? count : entries
  const next = BigInt(counted as number | bigint) + 1n
  writeCount(writer, next > countMax ? countMax : next)
  writer.raw(tableWithout(table, ['count']))
  return writer.take()
}

/** Table bytes, sorted by name as RabbitMQ does. */
function firstOf(death: Death, expiration: string | undefined): Buffer {
  const writer = new ByteWriter()
  writeCount(writer, 1n)
  writeField(writer, 'exchange', death.exchange)
  if (expiration !== undefined) writeField(writer, 'original-expiration', expiration)
  writeField(writer, 'queue', death.queue)
  writeField(writer, 'reason', death.reason)
  writeField(writer, 'routing-keys', death.routingKeys)
  writer.shortstr('time')
  writer.octet(fieldType.timestamp)
  writer.longlong(death.timeSeconds)
  return writer.take()
}

function writeField(writer: ByteWriter, name: string, value: HeaderValue): void {
  writer.shortstr(name)
  writeValue(writer, value)
}

/** 64 bits whatever the number: clients read it as a long. */
function writeCount(writer: ByteWriter, count: bigint): void {
  writer.shortstr('count')
  writer.octet(fieldType.int64)
  writer.reserve(8)
  writer.at = writer.bytes.writeBigInt64BE(count, writer.at)
}

function nameDeath(headers: Map<string, Uint8Array>, prefix: string, death: Death): void {
  for (const what of ['queue', 'reason', 'exchange'] as const)
    headers.set(`${prefix}-${what}`, encoded(fieldType.text, Buffer.from(death[what])))
}

/** Type octet, length and contents. */
function encoded(type: number, contents: Uint8Array): Buffer {
  const writer = new ByteWriter()
  writer.octet(type)
  writer.longstr(contents)
  return writer.take()
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
