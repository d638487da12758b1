/*
 * Anything that field tables, properties and methods can be made of.
 *
 * Encoding chooses wire types for values, so that what is decoded is what was encoded: numbers are
 * whole or doubles, large ones bigints, bytes are no text.
 */

import fc from 'fast-check'
import { type FieldKind, methodTable } from '../../src/amqp/protocol/method-table.ts'
import type { Method, MethodName } from '../../src/amqp/protocol/methods.ts'
import type { BasicProperties } from '../../src/amqp/protocol/properties.ts'
import type { HeaderTable, HeaderValue } from '../../src/embedded/routing/header-value.ts'

const text = fc.oneof(
  fc.string({ maxLength: 40 }),
  fc.string({ unit: 'binary', maxLength: 40 }),
  fc.constantFrom('', 'x-death', '__proto__', 'é'.repeat(127), 'a'.repeat(255)),
)

/** What fits a short string. */
export const anyName = text.filter((name) => Buffer.byteLength(name) <= 255)

const octet = fc.integer({ min: 0, max: 0xff })
const anyTag = fc.oneof(fc.nat(), fc.maxSafeNat())
const anyBytes = fc.uint8Array({ maxLength: 60 })

const anyNumber = fc.oneof(
  fc.integer(),
  fc.maxSafeInteger(),
  fc.double(),
  fc.constantFrom(0, -0, 2 ** 31, -(2 ** 31), 2 ** 53, Number.NaN, Number.NEGATIVE_INFINITY),
)
const anyBigInt = fc
  .bigInt({ min: -(2n ** 63n), max: 2n ** 63n - 1n })
  .filter((value) => !Number.isSafeInteger(Number(value)))

const { table, value } = fc.letrec<{ table: HeaderTable; value: HeaderValue }>((tie) => ({
  table: fc
    .uniqueArray(fc.tuple(anyName, tie('value')), { selector: ([name]) => name, maxLength: 6 })
    .map((fields) => new Map(fields)),
  value: fc.oneof(
    { depthSize: 'small', withCrossShrink: true },
    text,
    anyNumber,
    anyBigInt,
    fc.boolean(),
    fc.constant(null),
    anyBytes.map((bytes) => Buffer.from(bytes)),
    fc.array(tie('value'), { maxLength: 4 }),
    tie('table'),
  ),
}))

export const anyTable: fc.Arbitrary<HeaderTable> = table
export const anyValue: fc.Arbitrary<HeaderValue> = value

const kinds: Readonly<Record<FieldKind, fc.Arbitrary<unknown>>> = {
  bit: fc.boolean(),
  octet,
  short: fc.integer({ min: 0, max: 0xffff }),
  long: fc.integer({ min: 0, max: 0xffffffff }),
  tag: anyTag,
  text: anyName,
  words: fc.string({ unit: 'binary', maxLength: 300 }),
  bytes: anyBytes.map((bytes) => Buffer.from(bytes)),
  table: anyTable,
}

export const methodNames = Object.keys(methodTable) as readonly MethodName[]

/** Any method of that name. */
export function anyMethodNamed(name: MethodName): fc.Arbitrary<Method> {
  const fields = Object.entries<FieldKind>(methodTable[name][3])
  const given = fields.filter(([field]) => !field.startsWith('reserved'))
  const record = Object.fromEntries(given.map(([field, kind]) => [field, kinds[kind]]))
  return fc.record(record).map((values) => ({ name, ...values }) as unknown as Method)
}

export const anyProperties: fc.Arbitrary<BasicProperties> = fc.record(
  {
    contentType: anyName,
    contentEncoding: anyName,
    headers: anyTable,
    deliveryMode: octet,
    priority: octet,
    correlationId: anyName,
    replyTo: anyName,
    expiration: anyName,
    messageId: anyName,
    timestamp: anyTag,
    type: anyName,
    userId: anyName,
    appId: anyName,
    clusterId: anyName,
  },
  { requiredKeys: [], noNullPrototype: true },
)
