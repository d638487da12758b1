/*
 * One input, tried on every part of the codec that would see it.
 *
 * What must hold: it is read, or refused with an AmqpError of a code for malformed input, and nothing
 * else happens. Ways of reading the same bytes agree. What was read can be written and read again.
 */

import assert from 'node:assert/strict'
import { isDeepStrictEqual } from 'node:util'
import { AmqpError } from '../../src/amqp/protocol/amqp-error.ts'
import { ByteWriter } from '../../src/amqp/protocol/byte-writer.ts'
import { carbonCopies, withoutBcc } from '../../src/amqp/protocol/carbon-copies.ts'
import { deadLetteredProperties, deathCycle } from '../../src/amqp/protocol/dead-letter-headers.ts'
import { FieldScan } from '../../src/amqp/protocol/field-scan.ts'
import { decodeTable, encodeTable } from '../../src/amqp/protocol/field-table.ts'
import { FrameParser } from '../../src/amqp/protocol/frame-parser.ts'
import {
  classMethodAt,
  HeaderReader,
  hotMethod,
  PublishReader,
  SettlementReader,
} from '../../src/amqp/protocol/hot-methods.ts'
import { decodeMethod, encodeMethod, type Method } from '../../src/amqp/protocol/methods.ts'
import {
  checkProperties,
  correlationIdOf,
  decodeHeaders,
  decodeProperties,
  encodeProperties,
  expirationOf,
  headerOf,
  persistent,
  priorityOf,
} from '../../src/amqp/protocol/properties.ts'
import { tableWithout } from '../../src/amqp/protocol/table-splice.ts'
import { frameType } from '../../src/amqp/protocol/wire.ts'
import type { CodecInput } from './codec-input.ts'

const payloadBytesMax = 131_064
const malformed = [501, 502, 505, 540]

/** The reply code it was refused with, or 0 when it was read. */
export function tryCodec({ target, bytes, random }: CodecInput): number {
  switch (target) {
    case 'stream':
      return refusalOf(() => stream(bytes, () => random.below(random.chance(0.2) ? 4 : 300)))
    case 'method':
      return refusalOf(() => method(bytes, 0, bytes.length))
    case 'table':
      return refusalOf(() => table(bytes))
    case 'properties':
      return refusalOf(() => properties(bytes))
    default:
      return target satisfies never
  }
}

function refusalOf(read: () => void): number {
  try {
    read()
    return 0
  } catch (error) {
    if (!(error instanceof AmqpError)) throw error
    assert.ok(malformed.includes(error.replyCode), error.replyText)
    assert.equal(error.scope, 'connection')
    return error.replyCode
  }
}

function stream(bytes: Buffer, chunkBytes: () => number): void {
  const parser = new FrameParser(payloadBytesMax)
  for (let from = 0; from < bytes.length; ) {
    // Long inputs in longer chunks, as sockets give them.
    const end = from + chunkBytes() + (bytes.length >> 6)
    parser.push(bytes.subarray(from, end))
    from = Math.min(end, bytes.length)
    while (parser.next()) frame(parser)
    assert.ok(parser.bufferedBytes <= from)
  }
}

function frame({ type, bytes, from, end }: FrameParser): void {
  assert.ok(from >= 0 && end <= bytes.length && end - from <= payloadBytesMax + 8)
  if (type === frameType.method) method(bytes, from, end)
  if (type !== frameType.header) return
  const header = new HeaderReader()
  header.read(bytes, from, end)
  properties(bytes.subarray(header.propertiesFrom, end))
}

function method(bytes: Buffer, from: number, end: number): void {
  const hotCode = refusalOf(() => hot(bytes, from, end))
  const code = refusalOf(() => decodeMethod(bytes, from, end))
  if (hotCode !== 0) assert.notEqual(code, 0)
  // Hot readers leave it to their caller to read names as texts.
  else if (isHot(classMethodAt(bytes, from, end))) assert.ok(code === 0 || code === 501)
  const read = decodeMethod(bytes, from, end)
  const again = rewritten(read)
  // Numbers that no double holds are rounded, once.
  assert.ok(isDeepStrictEqual(rewritten(again), again))
}

const hotIds: readonly number[] = Object.values(hotMethod)
const isHot = (id: number): boolean => hotIds.includes(id)

function hot(bytes: Buffer, from: number, end: number): void {
  const settlement = new SettlementReader()
  switch (classMethodAt(bytes, from, end)) {
    case hotMethod.publish:
      new PublishReader().read(bytes, from, end)
      break
    case hotMethod.ack:
      settlement.ack(bytes, from, end)
      break
    case hotMethod.nack:
      settlement.nack(bytes, from, end)
      break
    case hotMethod.reject:
      settlement.reject(bytes, from, end)
      break
  }
}

function rewritten(read: Method): Method {
  const writer = new ByteWriter()
  encodeMethod(writer, read)
  const { length } = writer
  return decodeMethod(writer.take(), 0, length)
}

function table(bytes: Buffer): void {
  const walked = refusalOf(() => {
    const scan = new FieldScan(bytes)
    while (scan.next());
  })
  assert.equal(
    refusalOf(() => decodeTable(bytes)),
    walked,
  )
  const read = decodeTable(bytes)
  assert.deepEqual(tableWithout(bytes, []), bytes)
  assert.equal(
    decodeTable(tableWithout(bytes, [...read.keys()].slice(0, 20))).size,
    Math.max(0, read.size - 20),
  )
  const again = decodeTable(encodeTable(read))
  assert.ok(isDeepStrictEqual(decodeTable(encodeTable(again)), again))
}

function properties(bytes: Buffer): void {
  const checked = refusalOf(() => checkProperties(bytes))
  assert.equal(
    refusalOf(() => decodeProperties(bytes)),
    checked,
  )
  checkProperties(bytes)
  const read = decodeProperties(bytes)
  assert.equal(persistent(bytes), read.deliveryMode === 2)
  assert.equal(priorityOf(bytes), read.priority ?? 0)
  assert.equal(expirationOf(bytes), read.expiration)
  assert.equal(correlationIdOf(bytes), read.correlationId)
  assert.equal(decodeHeaders(bytes).size, read.headers?.size ?? 0)
  assert.ok(isDeepStrictEqual(headerOf(bytes, 'x-death'), read.headers?.get('x-death')))
  carbonCopies(bytes)
  checkProperties(withoutBcc(bytes))
  checkProperties(encodeProperties(read))
  dies(bytes)
}

function dies(bytes: Buffer): void {
  const copy = deadLetteredProperties(bytes, {
    queue: 'q',
    reason: 'maxlen',
    exchange: 'e',
    routingKeys: ['k'],
    timeSeconds: 1,
    dropCC: true,
  })
  checkProperties(copy)
  assert.equal(deathCycle(copy, 'q'), true)
  assert.equal(expirationOf(copy), undefined)
}
