import assert from 'node:assert/strict'
import { test } from 'node:test'
import fc from 'fast-check'
import { anyProperties } from '../../../test/amqp/arbitraries.ts'
import { AmqpError } from './amqp-error.ts'
import {
  type BasicProperties,
  checkProperties,
  contentTypeOf,
  correlationIdOf,
  decodeHeaders,
  decodeProperties,
  encodeProperties,
  expirationOf,
  hasHeaders,
  headerBytesOf,
  headerOf,
  messageIdOf,
  persistent,
  priorityOf,
  replyToOf,
  textOf,
  userIdOf,
} from './properties.ts'

const hex = (text: string) => Buffer.from(text, 'hex')

function refused(bytes: Buffer): void {
  for (const read of [checkProperties, decodeProperties])
    assert.throws(
      () => read(bytes),
      (error) =>
        error instanceof AmqpError && error.replyCode === 501 && error.scope === 'connection',
    )
}

const all: BasicProperties = {
  contentType: 'text/plain',
  contentEncoding: 'gzip',
  headers: new Map([['tenant', 'acme']]),
  deliveryMode: 2,
  priority: 7,
  correlationId: 'c',
  replyTo: 'r',
  expiration: '60000',
  messageId: 'm',
  timestamp: 1_700_000_000,
  type: 't',
  userId: 'u',
  appId: 'a',
  clusterId: 'k',
}

test('properties have the bytes of the specification', () => {
  assert.equal(encodeProperties({}).toString('hex'), '0000')
  assert.equal(encodeProperties({ deliveryMode: 2 }).toString('hex'), '100002')
  assert.equal(
    encodeProperties({ contentType: 'a', priority: 3, timestamp: 5, clusterId: 'z' }).toString(
      'hex',
    ),
    '8844' + '0161' + '03' + '0000000000000005' + '017a',
  )
})

test('any properties that are written are read back the same', () => {
  const property = fc.property(anyProperties, (properties) => {
    const bytes = encodeProperties(properties)
    checkProperties(bytes)
    assert.deepEqual(decodeProperties(bytes), properties)
  })
  fc.assert(property, { numRuns: 300 })
})

test('each property is found where it stands, without reading the others', () => {
  const property = fc.property(anyProperties, (properties) => {
    const bytes = new Uint8Array(encodeProperties(properties))
    assert.equal(persistent(bytes), properties.deliveryMode === 2)
    assert.equal(priorityOf(bytes), properties.priority ?? 0)
    assert.equal(contentTypeOf(bytes), properties.contentType)
    assert.equal(correlationIdOf(bytes), properties.correlationId)
    assert.equal(replyToOf(bytes), properties.replyTo)
    assert.equal(expirationOf(bytes), properties.expiration)
    assert.equal(messageIdOf(bytes), properties.messageId)
    assert.equal(userIdOf(bytes), properties.userId)
    for (const name of ['contentEncoding', 'type', 'appId', 'clusterId'] as const)
      assert.equal(textOf(bytes, name), properties[name])
    assert.equal(hasHeaders(bytes), properties.headers !== undefined)
    assert.deepEqual(decodeHeaders(bytes), properties.headers ?? new Map())
    for (const [name, value] of properties.headers ?? [])
      assert.deepEqual(headerOf(bytes, name), value)
    assert.equal(headerOf(bytes, 'not there'), undefined)
    assert.equal(headerBytesOf(bytes) === undefined, properties.headers === undefined)
  })
  fc.assert(property, { numRuns: 300 })
})

test('properties cut anywhere are refused with 501, and so are octets to spare', () => {
  const bytes = encodeProperties(all)
  for (let end = 0; end < bytes.length; end++) refused(bytes.subarray(0, end))
  refused(Buffer.concat([bytes, Buffer.of(0)]))
  refused(hex('000000'))
  refused(hex('10000200'))
})

test('malformed headers are refused when they are checked, not when they are read', () => {
  refused(hex('2000' + 'ffffffff'))
  refused(hex('2000' + '00000003' + '016151'))
  refused(hex('2000' + '00000004' + '016162'))
})

test('a flag that stands for no property is let through alone, refused with a value', () => {
  checkProperties(hex('0002'))
  refused(hex('000200'))
})

test('flags may go on in further words, which name no property', () => {
  const bytes = hex('1001' + '0001' + '0000' + '02')
  checkProperties(bytes)
  assert.deepEqual(decodeProperties(bytes), { deliveryMode: 2 })
  assert.equal(persistent(bytes), true)
  refused(hex('0001'))
  checkProperties(hex('0001' + '8000'))
  refused(hex('0001' + '8000' + '0161'))
})

test('a correlation id of any bytes is told from every other one', () => {
  const texts = ['02fffe', '02fffd', '02c3a9', '02e9c3'].map((id) =>
    correlationIdOf(hex(`0400${id}`)),
  )
  assert.equal(new Set(texts).size, 4)
  const again = encodeProperties({ correlationId: texts[0] })
  assert.deepEqual(again, hex('040002fffe'))
})
