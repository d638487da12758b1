/*
 * Payload of an `accept` record: one message and the queues it stands in.
 *
 *   u8 flags (1 id chosen, 2 meta, 4 delayed, 16 properties) · u8 priority · u16 attempts max
 *   f64 timeout ms · f64 deadline · f64 accepted · [f64 available at]
 *   u8 entries × (u32 queue · f64 position · u8 delivered)
 *   text16 id · text8 exchange · text8 routing key · content type · [text32 meta JSON]
 *   [bytes32 AMQP properties] · bytes32 body
 *
 * and of a plain message, which has no id and no outcome:
 *
 *   u8 flags (8 plain, 4 delayed, 32 expires) · u8 priority · f64 accepted · [f64 available at] · [f64 deadline]
 *   u8 entries × (as above) · text8 exchange · text8 routing key · bytes32 AMQP properties · bytes32 body
 *
 * `delivered` is 1 when the message was handed to a consumer in the turn that accepted it: one
 * record, so a crash keeps both facts or neither (invariant 10).
 */

import { type ByteReader, type ByteWriter, readContentType, writeContentType } from '../../bytes.ts'
import type { Message, MessageMeta } from '../../message/message.ts'
import { PlainMessage } from '../../message/plain-message.ts'

export interface AcceptedEntry {
  readonly queueNumber: number
  readonly position: number
  readonly delivered: boolean
}

export interface AcceptRecord {
  readonly message: Message
  readonly acceptedAtMs: number
  readonly entries: readonly AcceptedEntry[]
}

const idChosenFlag = 1
const metaFlag = 2
const delayedFlag = 4
const plainFlag = 8
const propertiesFlag = 16
const expiresFlag = 32

export const metaJson = (message: Message): string | undefined =>
  message.meta && JSON.stringify(message.meta)

export function writeAccept(
  writer: ByteWriter,
  message: Message,
  acceptedAtMs: number,
  entries: readonly AcceptedEntry[],
  metaText = metaJson(message),
): void {
  if (message instanceof PlainMessage) {
    writePlain(writer, message, acceptedAtMs, entries)
    return
  }
  const delayed = message.availableAtMs > 0
  writer.u8(
    (message.idChosen ? idChosenFlag : 0) |
      (metaText === undefined ? 0 : metaFlag) |
      (delayed ? delayedFlag : 0) |
      (message.properties ? propertiesFlag : 0),
  )
  writer.u8(message.priority)
  writer.u16(message.attemptsMax)
  writer.f64(message.timeoutMs)
  writer.f64(message.deadlineAtMs)
  writer.f64(acceptedAtMs)
  if (delayed) writer.f64(message.availableAtMs)
  writeEntries(writer, entries)
  writer.text16(message.id)
  writer.text8(message.exchange)
  writer.text8(message.routingKey)
  writeContentType(writer, message.contentType)
  if (metaText !== undefined) writer.text32(metaText)
  if (message.properties) writer.bytes32(message.properties)
  writer.bytes32(message.body)
}

function writePlain(
  writer: ByteWriter,
  message: PlainMessage,
  acceptedAtMs: number,
  entries: readonly AcceptedEntry[],
): void {
  const { availableAtMs, deadlineAtMs } = message
  const expires = deadlineAtMs < Number.POSITIVE_INFINITY
  writer.u8(plainFlag | (availableAtMs > 0 ? delayedFlag : 0) | (expires ? expiresFlag : 0))
  writer.u8(message.priority)
  writer.f64(acceptedAtMs)
  if (availableAtMs > 0) writer.f64(availableAtMs)
  if (expires) writer.f64(deadlineAtMs)
  writeEntries(writer, entries)
  writer.text8(message.exchange)
  writer.text8(message.routingKey)
  writer.bytes32(message.properties)
  writer.bytes32(message.body)
}

function writeEntries(writer: ByteWriter, entries: readonly AcceptedEntry[]): void {
  writer.u8(entries.length)
  for (const entry of entries) {
    writer.u32(entry.queueNumber)
    writer.f64(entry.position)
    writer.u8(entry.delivered ? 1 : 0)
  }
}

/** The body is a view of the reader's bytes. Throws RangeError or SyntaxError when malformed. */
export function readAccept(reader: ByteReader): AcceptRecord {
  const flags = reader.u8()
  if (flags & plainFlag) return readPlain(reader, flags)
  const priority = reader.u8()
  const attemptsMax = reader.u16()
  const timeoutMs = reader.f64()
  const deadlineAtMs = reader.f64()
  const acceptedAtMs = reader.f64()
  const availableAtMs = flags & delayedFlag ? reader.f64() : 0
  const entries = readEntries(reader)
  const id = reader.text16()
  const exchange = reader.text8()
  const routingKey = reader.text8()
  const contentType = readContentType(reader)
  const meta = flags & metaFlag ? (JSON.parse(reader.text32()) as MessageMeta) : undefined
  const properties = flags & propertiesFlag ? reader.bytes32() : undefined
  const body = reader.bytes32()
  const message: Message = {
    id,
    idChosen: (flags & idChosenFlag) !== 0,
    exchange,
    routingKey,
    contentType,
    body,
    priority,
    deadlineAtMs,
    availableAtMs,
    timeoutMs,
    attemptsMax,
    meta,
    ...(properties && { properties }),
  }
  return { message, acceptedAtMs, entries }
}

function readPlain(reader: ByteReader, flags: number): AcceptRecord {
  const priority = reader.u8()
  const acceptedAtMs = reader.f64()
  const availableAtMs = flags & delayedFlag ? reader.f64() : 0
  const deadlineAtMs = flags & expiresFlag ? reader.f64() : Number.POSITIVE_INFINITY
  const entries = readEntries(reader)
  const exchange = reader.text8()
  const routingKey = reader.text8()
  const properties = reader.bytes32()
  const message = new PlainMessage(exchange, routingKey, properties, reader.bytes32())
  message.priority = priority
  message.availableAtMs = availableAtMs
  message.deadlineAtMs = deadlineAtMs
  return { message, acceptedAtMs, entries }
}

function readEntries(reader: ByteReader): AcceptedEntry[] {
  const entries: AcceptedEntry[] = []
  for (let n = reader.u8(); n > 0; n--) {
    entries.push({
      queueNumber: reader.u32(),
      position: reader.f64(),
      delivered: reader.u8() === 1,
    })
  }
  return entries
}

const fixedBytes = 28
const entryBytes = 13

/** The id alone, of a payload that starts there; '' for a plain message. */
export function acceptedId(payload: Buffer, from: number): string {
  if ((payload[from] as number) & plainFlag) return ''
  const delayedBytes = (payload[from] as number) & delayedFlag ? 8 : 0
  const entriesAt = from + fixedBytes + delayedBytes
  const idAt = entriesAt + 1 + (payload[entriesAt] as number) * entryBytes
  return payload.toString('utf8', idAt + 2, idAt + 2 + payload.readUInt16LE(idAt))
}
