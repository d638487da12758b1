import assert from 'node:assert/strict'
import { test } from 'node:test'
import fc from 'fast-check'
import { anyMethodNamed } from '../../../test/amqp/arbitraries.ts'
import { AmqpError } from './amqp-error.ts'
import { ByteWriter } from './byte-writer.ts'
import {
  classMethodAt,
  HeaderReader,
  hotMethod,
  PublishReader,
  SettlementReader,
} from './hot-methods.ts'
import { encodeMethod, type Method, methodId } from './methods.ts'

/** The payload with other bytes around it, so that nothing outside may be looked at. */
function embedded(method: Method): { bytes: Buffer; from: number; end: number } {
  const writer = new ByteWriter()
  writer.raw(Buffer.alloc(3, 0xff))
  encodeMethod(writer, method)
  const end = writer.length
  writer.raw(Buffer.alloc(300, 0xff))
  return { bytes: writer.take(), from: 3, end }
}

const refused = (read: () => void, replyCode = 501): void =>
  assert.throws(read, (error) => error instanceof AmqpError && error.replyCode === replyCode)

test('the ids to switch on are those of the methods', () => {
  assert.equal(hotMethod.publish, methodId('basic.publish'))
  assert.equal(hotMethod.ack, methodId('basic.ack'))
  assert.equal(hotMethod.nack, methodId('basic.nack'))
  assert.equal(hotMethod.reject, methodId('basic.reject'))
  const { bytes, from, end } = embedded({ name: 'tx.commit' })
  assert.equal(classMethodAt(bytes, from, end), methodId('tx.commit'))
  refused(() => classMethodAt(bytes, from, from + 3))
})

test('a publish is read like any method, and refused wherever it is cut', () => {
  const reader = new PublishReader()
  const property = fc.property(anyMethodNamed('basic.publish'), (method) => {
    assert.ok(method.name === 'basic.publish')
    const { bytes, from, end } = embedded(method)
    reader.read(bytes, from, end)
    assert.equal(bytes.toString('utf8', reader.exchangeFrom, reader.exchangeEnd), method.exchange)
    const key = bytes.toString('utf8', reader.routingKeyFrom, reader.routingKeyEnd)
    assert.equal(key, method.routingKey)
    assert.equal(reader.mandatory, method.mandatory)
    assert.equal(reader.immediate, method.immediate)
    for (let cut = from; cut < end; cut++) refused(() => reader.read(bytes, from, cut))
    refused(() => reader.read(bytes, from, end + 1))
  })
  fc.assert(property, { numRuns: 200 })
})

test('settlements are read like any method, and refused wherever they are cut', () => {
  const reader = new SettlementReader()
  const ways = {
    'basic.ack': (bytes: Buffer, from: number, end: number) => reader.ack(bytes, from, end),
    'basic.nack': (bytes: Buffer, from: number, end: number) => reader.nack(bytes, from, end),
    'basic.reject': (bytes: Buffer, from: number, end: number) => reader.reject(bytes, from, end),
  }
  for (const name of ['basic.ack', 'basic.nack', 'basic.reject'] as const) {
    const property = fc.property(anyMethodNamed(name), (method) => {
      const { bytes, from, end } = embedded(method)
      const read = ways[name]
      read(bytes, from, end)
      const { deliveryTag, multiple, requeue } = reader
      const { name: _, ...fields } = { multiple: false, requeue: false, ...method }
      assert.deepEqual({ deliveryTag, multiple, requeue }, fields)
      for (let cut = from; cut < end; cut++) refused(() => read(bytes, from, cut))
      refused(() => read(bytes, from, end + 1))
    })
    fc.assert(property, { numRuns: 100 })
  }
})

test('a content header says its class, the size of the body and where the properties are', () => {
  const reader = new HeaderReader()
  const bytes = Buffer.from('003c0000' + '0000000100000002' + '1000' + '02', 'hex')
  reader.read(bytes, 0, bytes.length)
  assert.equal(reader.classId, 60)
  assert.equal(reader.bodyBytes, 2 ** 32 + 2)
  assert.equal(reader.propertiesFrom, 12)
  for (let end = 0; end < 14; end++) refused(() => reader.read(bytes, 0, end))
})

test('a content header with a weight is refused with 505', () => {
  const bytes = Buffer.from('003c0001' + '0000000000000000' + '0000', 'hex')
  refused(() => new HeaderReader().read(bytes, 0, bytes.length), 505)
})
