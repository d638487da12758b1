/*
 * Payload of an `accept` record: one message and the queues it stands in.
 *
 *   u8 flags (1 id chosen, 2 meta, 4 delayed) · u8 priority · u16 attempts max
 *   f64 timeout ms · f64 deadline · f64 accepted · [f64 available at]
 *   u8 entries × (u32 queue · f64 position · u8 delivered)
 *   text16 id · text8 exchange · text8 routing key · content type · [text32 meta JSON] · bytes32 body
 *
 * `delivered` is 1 when the message was handed to a consumer in the turn that accepted it: one
 * record, so a crash keeps both facts or neither (invariant 10).
 */

import type { Message, MessageMeta } from '../../message/message.ts'
import { type ByteReader, type ByteWriter, readContentType, writeContentType } from './bytes.ts'

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

export const metaJson = (message: Message): string | undefined =>
  message.meta && JSON.stringify(message.meta)

export function writeAccept(
  writer: ByteWriter,
  message: Message,
  acceptedAtMs: number,
  entries: readonly AcceptedEntry[],
  metaText = metaJson(message),
): void {
  const delayed = message.availableAtMs > 0
  writer.u8(
    (message.idChosen ? idChosenFlag : 0) |
      (metaText === undefined ? 0 : metaFlag) |
      (delayed ? delayedFlag : 0),
  )
  writer.u8(message.priority)
  writer.u16(message.attemptsMax)
  writer.f64(message.timeoutMs)
  writer.f64(message.deadlineAtMs)
  writer.f64(acceptedAtMs)
  if (delayed) writer.f64(message.availableAtMs)
  writer.u8(entries.length)
  for (const entry of entries) {
    writer.u32(entry.queueNumber)
    writer.f64(entry.position)
    writer.u8(entry.delivered ? 1 : 0)
  }
  writer.text16(message.id)
  writer.text8(message.exchange)
  writer.text8(message.routingKey)
  writeContentType(writer, message.contentType)
  if (metaText !== undefined) writer.text32(metaText)
  writer.bytes32(message.body)
}

/** The body is a view of the reader's bytes. Throws RangeError or SyntaxError when malformed. */
export function readAccept(reader: ByteReader): AcceptRecord {
  const flags = reader.u8()
  const priority = reader.u8()
  const attemptsMax = reader.u16()
  const timeoutMs = reader.f64()
  const deadlineAtMs = reader.f64()
  const acceptedAtMs = reader.f64()
  const availableAtMs = flags & delayedFlag ? reader.f64() : 0
  const entries: AcceptedEntry[] = []
  for (let n = reader.u8(); n > 0; n--) {
    entries.push({
      queueNumber: reader.u32(),
      position: reader.f64(),
      delivered: reader.u8() === 1,
    })
  }
  const id = reader.text16()
  const exchange = reader.text8()
  const routingKey = reader.text8()
  const contentType = readContentType(reader)
  const meta = flags & metaFlag ? (JSON.parse(reader.text32()) as MessageMeta) : undefined
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
  }
  return { message, acceptedAtMs, entries }
}

const fixedBytes = 28
const entryBytes = 13

/** The id alone, of a payload that starts there. */
export function acceptedId(payload: Buffer, from: number): string {
  const delayedBytes = (payload[from] as number) & delayedFlag ? 8 : 0
  const entriesAt = from + fixedBytes + delayedBytes
  const idAt = entriesAt + 1 + (payload[entriesAt] as number) * entryBytes
  return payload.toString('utf8', idAt + 2, idAt + 2 + payload.readUInt16LE(idAt))
}
