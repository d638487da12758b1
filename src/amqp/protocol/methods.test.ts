import assert from 'node:assert/strict'
import { test } from 'node:test'
import fc from 'fast-check'
import { anyMethodNamed, methodNames } from '../../../test/amqp/arbitraries.ts'
import { AmqpError } from './amqp-error.ts'
import { ByteWriter } from './byte-writer.ts'
import {
  decodeMethod,
  encodeMethod,
  isClientMethod,
  type Method,
  methodId,
  methodName,
} from './methods.ts'

function encoded(method: Method): Buffer {
  const writer = new ByteWriter()
  encodeMethod(writer, method)
  return writer.take()
}

const refusal = (payload: Buffer): AmqpError => {
  try {
    decodeMethod(payload)
  } catch (error) {
    assert.ok(error instanceof AmqpError)
    assert.equal(error.scope, 'connection')
    return error
  }
  return assert.fail('was read')
}

const declare: Method = {
  name: 'queue.declare',
  queue: 'q',
  passive: true,
  durable: false,
  exclusive: true,
  autoDelete: false,
  nowait: true,
  args: new Map([['x-expires', 5]]),
}

test('a method has the bytes of the specification, bits in one octet', () => {
  assert.equal(
    encoded(declare).toString('hex'),
    '0032000a' + '0000' + '0171' + '15' + '0000000f' + '09782d6578706972657349' + '00000005',
  )
  assert.equal(
    encoded({ name: 'connection.open', virtualHost: '/' }).toString('hex'),
    '000a0028' + '012f' + '00' + '00',
  )
  assert.equal(encoded({ name: 'channel.open-ok' }).toString('hex'), '0014000b00000000')
})

test('every method that is written is read back the same', () => {
  assert.equal(methodNames.length, 66)
  for (const name of methodNames) {
    const property = fc.property(anyMethodNamed(name), (method) => {
      assert.deepEqual(decodeMethod(encoded(method)), method)
    })
    fc.assert(property, { numRuns: 25 })
  }
})

test('a method cut anywhere is refused with 501, and so is one with octets to spare', () => {
  for (const name of methodNames) {
    const property = fc.property(anyMethodNamed(name), (method) => {
      const payload = encoded(method)
      for (let end = 0; end < Math.min(payload.length, 400); end++)
        // A cut within a name can leave half a character.
        assert.equal(refusal(payload.subarray(0, end)).replyCode, 501)
      assert.equal(refusal(Buffer.concat([payload, Buffer.of(0)])).replyCode, 501)
    })
    fc.assert(property, { numRuns: 3 })
  }
})

test('an unknown class or method is refused with 540', () => {
  for (const id of ['000a000c', '00630001', '003c0029', 'ffffffff']) {
    const error = refusal(Buffer.from(`${id}00`, 'hex'))
    assert.equal(error.replyCode, 540)
    assert.match(error.message, /method \d+ of class \d+ is not known/)
  }
})

test('a name that is no UTF-8 is refused with 501, as RabbitMQ does', () => {
  const payload = Buffer.from('003c0046' + '0000' + '02fffe' + '00', 'hex')
  assert.equal(refusal(payload).replyCode, 501)
  assert.match(refusal(payload).message, /Malformed UTF-8 in shortstr/)
})

test('a response to a challenge is bytes', () => {
  const method = decodeMethod(
    encoded({ name: 'connection.secure-ok', response: Buffer.of(0, 255) }),
  )
  assert.deepEqual(method, { name: 'connection.secure-ok', response: Buffer.of(0, 255) })
})

test('delivery tags beyond what a double holds are no tag that was given out', () => {
  const method = decodeMethod(Buffer.from('003c0050' + 'ffffffffffffffff' + '00', 'hex'))
  assert.ok(method.name === 'basic.ack')
  assert.equal(Number.isSafeInteger(method.deliveryTag), false)
})

test('methods have ids, and know who sends them', () => {
  assert.equal(methodId('basic.publish'), 0x3c0028)
  assert.equal(methodName(0x3c0028), 'basic.publish')
  assert.equal(methodName(0x3c0029), undefined)
  assert.equal(isClientMethod(declare), true)
  assert.equal(isClientMethod({ name: 'queue.bind-ok' }), false)
  assert.equal(isClientMethod({ name: 'channel.close-ok' }), true)
})
