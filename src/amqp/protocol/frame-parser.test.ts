import assert from 'node:assert/strict'
import { test } from 'node:test'
import fc from 'fast-check'
import { AmqpError } from './amqp-error.ts'
import { FrameParser } from './frame-parser.ts'
import { FrameWriter } from './frame-writer.ts'
import { encodeProperties } from './properties.ts'
import { frameType } from './wire.ts'

const frameMax = 4096
const payloadBytesMax = frameMax - 8

const head = (type: number, channel: number, size: number): Buffer => {
  const bytes = Buffer.alloc(7)
  bytes.writeUInt8(type, 0)
  bytes.writeUInt16BE(channel, 1)
  bytes.writeUInt32BE(size, 3)
  return bytes
}

/** Handshake, declaration, publishes of several sizes, heartbeats: what a connection sees. */
function session(): Buffer {
  const writer = new FrameWriter()
  writer.method(0, { name: 'connection.open', virtualHost: '/' })
  writer.method(1, { name: 'channel.open' })
  writer.method(1, {
    name: 'queue.declare',
    queue: 'orders',
    passive: false,
    durable: true,
    exclusive: false,
    autoDelete: false,
    nowait: true,
    args: new Map([['x-max-length', 9]]),
  })
  writer.heartbeat()
  for (const bytes of [0, 1, 40]) {
    writer.method(1, {
      name: 'basic.publish',
      exchange: '',
      routingKey: 'orders',
      mandatory: true,
      immediate: false,
    })
    const properties = encodeProperties({ deliveryMode: 2, headers: new Map([['n', bytes]]) })
    writer.content(1, properties, Buffer.alloc(bytes, 'b'), 24)
  }
  writer.ack(65535, 2 ** 40, true)
  return writer.take()
}

/** Every frame of the parser as text, until it asks for more. */
function drain(parser: FrameParser): string[] {
  const frames: string[] = []
  while (parser.next()) {
    const payload = parser.bytes.toString('hex', parser.from, parser.end)
    frames.push(`${parser.type} ${parser.channel} ${payload}`)
  }
  return frames
}

function framesOf(...chunks: readonly Buffer[]): readonly string[] {
  const parser = new FrameParser(payloadBytesMax)
  return chunks.flatMap((chunk) => {
    parser.push(chunk)
    return drain(parser)
  })
}

const refusedWith = (replyCode: number, what: RegExp) => (error: unknown) => {
  assert.ok(error instanceof AmqpError)
  assert.equal(error.replyCode, replyCode)
  assert.equal(error.scope, 'connection')
  assert.match(error.message, what)
  return true
}

test('a session cut in three anywhere gives the same frames', () => {
  const bytes = session()
  const whole = framesOf(bytes)
  assert.equal(whole.length, 15)
  for (let first = 0; first <= bytes.length; first++)
    for (let second = first; second <= bytes.length; second++) {
      const cut = [bytes.subarray(0, first), bytes.subarray(first, second), bytes.subarray(second)]
      assert.deepEqual(framesOf(...cut), whole)
    }
})

test('chunks of any sizes, read at once or after a stop, give the same frames', () => {
  const bytes = session()
  const whole = framesOf(bytes)
  const sizes = fc.array(fc.tuple(fc.integer({ min: 0, max: 90 }), fc.boolean()))
  const property = fc.property(sizes, (cuts) => {
    const parser = new FrameParser(payloadBytesMax)
    const frames: string[] = []
    let from = 0
    for (const [size, stopped] of [...cuts, [bytes.length, false] as const]) {
      parser.push(bytes.subarray(from, from + size))
      from = Math.min(bytes.length, from + size)
      if (!stopped) frames.push(...drain(parser))
    }
    assert.deepEqual(frames, whole)
    assert.equal(parser.bufferedBytes, 0)
  })
  fc.assert(property, { numRuns: 300 })
})

test('single bytes give the same frames', () => {
  const bytes = session()
  assert.deepEqual(framesOf(...Array.from(bytes, (octet) => Buffer.of(octet))), framesOf(bytes))
})

test('the connection may stop between frames, and what it did not ask for is counted', () => {
  const writer = new FrameWriter()
  writer.heartbeat()
  writer.ack(1, 1, false)
  const bytes = writer.take()
  const parser = new FrameParser(payloadBytesMax)
  parser.push(bytes)
  assert.equal(parser.bufferedBytes, bytes.length)
  assert.equal(parser.next(), true)
  assert.equal(parser.bufferedBytes, bytes.length - 8)
  parser.push(bytes.subarray(0, 5))
  assert.equal(parser.bufferedBytes, bytes.length - 3)
  assert.equal(parser.next(), true)
  assert.equal(parser.next(), false)
  assert.equal(parser.bufferedBytes, 5)
  parser.push(bytes.subarray(5))
  assert.equal(drain(parser).length, 2)
  assert.equal(parser.bufferedBytes, 0)
})

test('a frame within one chunk is a view of it', () => {
  const bytes = session()
  const parser = new FrameParser(payloadBytesMax)
  parser.push(bytes)
  const later = Buffer.from(bytes)
  parser.push(later)
  parser.next()
  assert.equal(parser.bytes, bytes)
  drain(parser)
  assert.equal(parser.bytes, later)
})

test('a frame that was cut is not changed by those that follow', () => {
  const writer = new FrameWriter()
  writer.content(1, Buffer.alloc(2), Buffer.from('first'), frameMax)
  writer.content(1, Buffer.alloc(2), Buffer.from('other'), frameMax)
  const bytes = writer.take()
  const parser = new FrameParser(payloadBytesMax)
  const bodies: Buffer[] = []
  for (let from = 0; from < bytes.length; from += 3) {
    parser.push(bytes.subarray(from, from + 3))
    while (parser.next())
      if (parser.type === frameType.body)
        bodies.push(parser.bytes.subarray(parser.from, parser.end))
  }
  assert.deepEqual(bodies.map(String), ['first', 'other'])
})

test('a payload may be eight bytes longer than agreed, like with RabbitMQ, and no more', () => {
  const most = payloadBytesMax + 8
  const whole = Buffer.concat([head(3, 1, most), Buffer.alloc(most), Buffer.of(206)])
  assert.equal(framesOf(whole).length, 1)
  assert.throws(
    () => framesOf(head(3, 1, most + 1)),
    refusedWith(501, /a frame of 4097 octets is larger than 4088/),
  )
})

test('a size or type that cannot be is refused as soon as the head is there', () => {
  assert.throws(() => framesOf(head(1, 1, 0xffffffff)), refusedWith(501, /larger/))
  for (const type of [0, 4, 5, 65, 255])
    assert.throws(() => framesOf(head(type, 1, 4)), refusedWith(501, /not a type of frame/))
  assert.throws(() => framesOf(head(8, 0, 1)), refusedWith(501, /heartbeat has a payload/))
})

test('a wrong end octet is refused with 501, also in a frame that was cut', () => {
  const wrong = Buffer.concat([head(1, 1, 2), Buffer.of(0, 10, 205)])
  assert.throws(() => framesOf(wrong), refusedWith(501, /octet 205 instead of 206/))
  const cut = [wrong.subarray(0, 8), wrong.subarray(8)]
  assert.throws(() => framesOf(...cut), refusedWith(501, /octet 205/))
})

test('after a refusal every further call refuses again', () => {
  for (const bad of [head(9, 1, 0), Buffer.concat([head(1, 1, 0), Buffer.of(0)])]) {
    const parser = new FrameParser(payloadBytesMax)
    parser.push(bad.subarray(0, 6))
    parser.next()
    parser.push(bad.subarray(6))
    assert.throws(() => parser.next(), AmqpError)
    parser.push(session())
    assert.throws(() => parser.next(), AmqpError)
  }
})

test('a limit that was agreed upon holds from the next frame on', () => {
  const parser = new FrameParser(payloadBytesMax)
  parser.push(Buffer.concat([head(3, 1, 100), Buffer.alloc(100), Buffer.of(206), head(3, 1, 101)]))
  assert.equal(parser.next(), true)
  parser.payloadBytesMax = 92
  assert.throws(() => parser.next(), refusedWith(501, /larger than 92/))
})
