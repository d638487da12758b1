/*
 * Messages, outcomes and settlements within frames.
 *
 *   message = u16 flags │ id │ [exchange] │ [routing key] │ content type │ [f64 priority] │ [f64 deadline]
 *             │ [f64 available] │ [f64 time-out] │ u16 attempts or [f64] │ [meta JSON] │ [properties] │ body
 *   outcome = u8 flags │ [id] │ queue │ code │ content type │ f64 attempts │ f64 accepted │ f64 finished │ body
 *
 * Texts have a length of one or five bytes, bodies of four. What has its usual value is not there, and
 * its flag is not set. Bodies are copied out of the frame unless they are most of it: then the frame is
 * kept alive by its greater part, and no small body keeps a large frame.
 */

import { Buffer } from 'node:buffer'
import { type ByteReader, type ByteWriter, readContentType, writeContentType } from '../bytes.ts'
import { HomingError } from '../errors.ts'
import { limits } from '../limits.ts'
import type { Message, MessageMeta } from '../message/message.ts'
import type { StoredOutcome } from '../message/outcome.ts'
import type { Settlement } from '../message/settlement.ts'
import { wireFault } from './frame.ts'
import { readJson, writeJson } from './json.ts'

const flags = {
  idChosen: 1,
  exchange: 2,
  routingKey: 4,
  priority: 8,
  deadline: 16,
  available: 32,
  timeout: 64,
  attempts: 128,
  meta: 256,
  properties: 512,
} as const
const flagsKnown = 1023

const u16Max = 65_535
const never = Number.POSITIVE_INFINITY

/** `queue`: the routing key is left out when it is this one and there is no exchange. */
export function writeMessage(writer: ByteWriter, message: Message, queue?: string): void {
  const { id, exchange, routingKey, priority, attemptsMax, meta, properties } = message
  const usualAttempts = attemptsMax >= 0 && attemptsMax <= u16Max && Number.isInteger(attemptsMax)
  writer.u16(
    (message.idChosen ? flags.idChosen : 0) |
      (exchange === '' ? 0 : flags.exchange) |
      (routingKey === queue ? 0 : flags.routingKey) |
      (priority === 0 ? 0 : flags.priority) |
      (message.deadlineAtMs === never ? 0 : flags.deadline) |
      (message.availableAtMs === 0 ? 0 : flags.available) |
      (message.timeoutMs === 0 ? 0 : flags.timeout) |
      (usualAttempts ? 0 : flags.attempts) |
      (meta === undefined ? 0 : flags.meta) |
      (properties === undefined ? 0 : flags.properties),
  )
  writeText(writer, id, 'the message id')
  if (exchange !== '') writeText(writer, exchange, 'the exchange name')
  if (routingKey !== queue) writeText(writer, routingKey, 'the routing key')
  writeShortContentType(writer, message.contentType)
  if (priority !== 0) writer.f64(priority)
  if (message.deadlineAtMs !== never) writer.f64(message.deadlineAtMs)
  if (message.availableAtMs !== 0) writer.f64(message.availableAtMs)
  if (message.timeoutMs !== 0) writer.f64(message.timeoutMs)
  if (usualAttempts) writer.u16(attemptsMax)
  else writer.f64(attemptsMax)
  if (meta !== undefined) writeJson(writer, meta)
  if (properties !== undefined) writer.bytes32(properties)
  writeBody(writer, message.body, `the body of message ${id}`)
}

/** `queue`: the routing key when the message does not say it. */
export function readMessage(reader: ByteReader, queue: string): Message {
  const has = reader.u16()
  if (has > flagsKnown) throw wireFault(`a message has the flags ${has}`)
  const id = reader.text()
  const exchange = has & flags.exchange ? reader.text() : ''
  const routingKey = has & flags.routingKey ? reader.text() : queue
  const contentType = readContentType(reader)
  const priority = has & flags.priority ? reader.f64() : 0
  const deadlineAtMs = has & flags.deadline ? reader.f64() : never
  const availableAtMs = has & flags.available ? reader.f64() : 0
  const timeoutMs = has & flags.timeout ? reader.f64() : 0
  const attemptsMax = has & flags.attempts ? reader.f64() : reader.u16()
  const meta = has & flags.meta ? (readJson(reader) as MessageMeta) : undefined
  const properties = has & flags.properties ? Buffer.from(reader.bytes32()) : undefined
  const body = readBody(reader)
  const idChosen = (has & flags.idChosen) !== 0
  const known = { id, idChosen, exchange, routingKey, contentType, body, priority, deadlineAtMs }
  const message = { ...known, availableAtMs, timeoutMs, attemptsMax, meta }
  return properties === undefined ? message : { ...message, properties }
}

const outcomeHasId = 1

/** `id`: left out when it is this one. */
export function writeOutcome(writer: ByteWriter, outcome: StoredOutcome, id?: string): void {
  writer.u8(outcome.id === id ? 0 : outcomeHasId)
  if (outcome.id !== id) writer.text(outcome.id)
  writer.text(outcome.queue)
  writer.text(outcome.code)
  writeContentType(writer, outcome.contentType)
  writer.f64(outcome.attempts)
  writer.f64(outcome.acceptedAtMs)
  writer.f64(outcome.finishedAtMs)
  writer.bytes32(outcome.body)
}

export function readOutcome(reader: ByteReader, id: string): StoredOutcome {
  const has = reader.u8()
  return {
    id: has & outcomeHasId ? reader.text() : id,
    queue: reader.text(),
    code: reader.text(),
    contentType: readContentType(reader),
    attempts: reader.f64(),
    acceptedAtMs: reader.f64(),
    finishedAtMs: reader.f64(),
    body: readBody(reader),
  }
}

const settlementKinds = ['final', 'retry', 'return', 'acknowledge'] as const

export function writeSettlement(writer: ByteWriter, settlement: Settlement, id: string): void {
  const kind = settlementKinds.indexOf(settlement.kind)
  if (kind === -1)
    throw new HomingError('bad-argument', `settlement kind ${String(settlement.kind)} is not known`)
  writer.u8(kind)
  if (settlement.kind === 'final') {
    writeText(writer, settlement.code, 'the outcome code')
    writeShortContentType(writer, settlement.contentType)
    writeBody(writer, settlement.body, `the result of message ${id}`)
  } else if (settlement.kind === 'retry') {
    writer.f64(settlement.delayMs)
    writeText(writer, settlement.code, 'the outcome code')
    writeBody(writer, settlement.body, `the result of message ${id}`)
  }
}

export function readSettlement(reader: ByteReader): Settlement {
  const number = reader.u8()
  const kind = settlementKinds[number]
  switch (kind) {
    case 'final':
      return {
        ...{ kind, code: reader.text() },
        ...{ contentType: readContentType(reader), body: readBody(reader) },
      }
    case 'retry':
      return { kind, delayMs: reader.f64(), code: retryCode(reader.text()), body: readBody(reader) }
    case 'return':
    case 'acknowledge':
      return { kind }
    default:
      throw wireFault(`a settlement of kind ${number} is not known`)
  }
}

function retryCode(code: string): 'thrown' | 'lost' {
  if (code === 'thrown' || code === 'lost') return code
  throw new HomingError('bad-argument', `a retry ends as "thrown" or "lost", not as "${code}"`)
}

/** A body that is at least half of the bytes it came in is a view of them, any other a copy. */
export function readBody(reader: ByteReader): Uint8Array {
  const bytes = reader.view.getUint32(reader.at, true)
  return bytes * 2 >= reader.view.buffer.byteLength ? reader.bytes32() : reader.copied32()
}

/** Fails with `bad-argument`. */
export function writeText(writer: ByteWriter, value: string, what: string): void {
  if (typeof value !== 'string')
    throw new HomingError('bad-argument', `${what} is ${typeof value}; give a text`)
  writer.text(value)
}

/** Fails with `bad-argument`, `message-too-large`. */
export function writeBody(writer: ByteWriter, body: Uint8Array, what: string): void {
  if (!(body instanceof Uint8Array))
    throw new HomingError('bad-argument', `${what} is not a Uint8Array`)
  if (body.length > limits.bodyBytesMax)
    throw new HomingError(
      'message-too-large',
      `${what} has ${body.length} bytes, ${limits.bodyBytesMax} are allowed; store it elsewhere and send its address`,
    )
  writer.bytes32(body)
}

/** Fails with `bad-argument`. */
export function writeShortContentType(writer: ByteWriter, contentType: string): void {
  const max = limits.nameBytesMax
  if (typeof contentType !== 'string')
    throw new HomingError('bad-argument', `the content type is ${typeof contentType}; give a text`)
  if (contentType.length * 3 > max && Buffer.byteLength(contentType) > max)
    throw new HomingError('bad-argument', `the content type has over ${max} bytes; shorten it`)
  writeContentType(writer, contentType)
}
