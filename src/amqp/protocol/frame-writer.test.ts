import assert from 'node:assert/strict'
import { test } from 'node:test'
import fc from 'fast-check'
import { anyMethodNamed, anyName } from '../../../test/amqp/arbitraries.ts'
import { FrameParser } from './frame-parser.ts'
import { FrameWriter } from './frame-writer.ts'
import { decodeMethod, type Method } from './methods.ts'

type Frame = { readonly type: number; readonly channel: number; readonly payload: Buffer }

function framesOf(bytes: Buffer): readonly Frame[] {
  const parser = new FrameParser(Number.POSITIVE_INFINITY)
  const frames: Frame[] = []
  parser.push(bytes)
  while (parser.next()) {
    const payload = parser.bytes.subarray(parser.from, parser.end)
    frames.push({ type: parser.type, channel: parser.channel, payload })
  }
  assert.equal(parser.bufferedBytes, 0)
  return frames
}

const written = (write: (writer: FrameWriter) => void): Buffer => {
  const writer = new FrameWriter()
  write(writer)
  const { length } = writer
  const bytes = writer.take()
  assert.equal(bytes.length, length)
  return bytes
}

const hex = (write: (writer: FrameWriter) => void): string => written(write).toString('hex')

test('frames have the bytes of the specification', () => {
  assert.equal(
    hex((writer) => writer.protocolHeader()),
    '414d515000000901',
  )
  assert.equal(
    hex((writer) => writer.heartbeat()),
    '08000000000000ce',
  )
  assert.equal(
    hex((writer) => writer.ack(2, 2 ** 40 + 5, true)),
    '01000200' + '00000d' + '003c0050' + '0000010000000005' + '01' + 'ce',
  )
  assert.equal(
    hex((writer) => writer.nack(2, 5, false, true)),
    '01000200' + '00000d' + '003c0078' + '0000000000000005' + '02' + 'ce',
  )
  assert.equal(
    hex((writer) => writer.content(1, Buffer.of(0x10, 0, 2), Buffer.from('hi'), 4096)),
    '02000100' +
      '00000f' +
      '003c0000' +
      '0000000000000002' +
      '100002' +
      'ce' +
      '030001000000026869ce',
  )
})

test('a method frame is its method', () => {
  const method: Method = { name: 'tx.select' }
  const [frame] = framesOf(written((writer) => writer.method(65535, method)))
  assert.equal(frame?.channel, 65535)
  assert.deepEqual(decodeMethod(frame.payload), method)
})

test('a delivery is written as the method of that name', () => {
  const property = fc.property(anyMethodNamed('basic.deliver'), anyName, (method, tag) => {
    assert.ok(method.name === 'basic.deliver')
    const { deliveryTag, redelivered, exchange, routingKey } = method
    const bytes = written((writer) =>
      writer.deliver(9, Buffer.from(tag), deliveryTag, redelivered, exchange, routingKey),
    )
    const [frame] = framesOf(bytes)
    assert.ok(frame)
    assert.deepEqual(decodeMethod(frame.payload), { ...method, consumerTag: tag })
  })
  fc.assert(property, { numRuns: 300 })
})

test('a content is cut into bodies that keep the agreed frame size', () => {
  const property = fc.property(fc.nat(300), fc.integer({ min: 9, max: 60 }), (size, frameMax) => {
    const body = Buffer.from(Array.from({ length: size }, (_, n) => n & 0xff))
    const frames = framesOf(written((w) => w.content(3, Buffer.alloc(2), body, frameMax)))
    const [header, ...bodies] = frames
    assert.equal(header?.type, 2)
    assert.equal(header.payload.readUInt32BE(8), size)
    assert.ok(bodies.every(({ type, channel }) => type === 3 && channel === 3))
    assert.ok(bodies.every(({ payload }) => payload.length > 0 && payload.length <= frameMax - 8))
    assert.equal(bodies.length, Math.ceil(size / (frameMax - 8)))
    assert.deepEqual(Buffer.concat(bodies.map(({ payload }) => payload)), body)
  })
  fc.assert(property, { numRuns: 300 })
})

test('an empty body has no body frame', () => {
  const bytes = written((writer) => writer.content(1, Buffer.alloc(2), Buffer.alloc(0), 4096))
  assert.deepEqual(
    framesOf(bytes).map(({ type }) => type),
    [2],
  )
})

test('without a limit of frames a body is one frame', () => {
  const bytes = written((writer) => writer.content(1, Buffer.alloc(2), Buffer.alloc(200_000), 0))
  assert.equal(framesOf(bytes).length, 2)
})

test('a method that cannot be written leaves nothing of itself', () => {
  const writer = new FrameWriter()
  const got = { deliveryTag: 1, redelivered: false, exchange: '', routingKey: 'q' }
  assert.throws(() =>
    writer.method(1, { name: 'basic.get-ok', ...got, messageCount: -1 } as Method),
  )
  writer.method(1, { name: 'basic.get-empty' } as Method)
  assert.equal(framesOf(writer.take()).length, 1)
})
