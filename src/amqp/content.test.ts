import assert from 'node:assert/strict'
import { Buffer } from 'node:buffer'
import { test } from 'node:test'
import { ContentAssembler } from './content.ts'
import { AmqpError } from './protocol/amqp-error.ts'

const none = Buffer.of(0, 0)

function header(bodyBytes: number, properties = none, classId = 60): Buffer {
  const head = Buffer.alloc(12)
  head.writeUInt16BE(classId, 0)
  head.writeBigUInt64BE(BigInt(bodyBytes), 4)
  return Buffer.concat([head, properties])
}

function takesHeader(content: ContentAssembler, bytes: Buffer): boolean {
  content.begin()
  return content.header(bytes, 0, bytes.length)
}

const takesPart = (content: ContentAssembler, text: string): boolean =>
  content.part(Buffer.from(text), 0, Buffer.byteLength(text))

const refusedWith = (replyCode: number) => (error: unknown) =>
  error instanceof AmqpError && error.replyCode === replyCode

test('a message without body is complete with its header', () => {
  const content = new ContentAssembler()
  assert.equal(takesHeader(content, header(0)), true)
  assert.equal(content.takeBody().length, 0)
  assert.equal(content.isIdle, true)
})

test('a body in one frame is a view of the bytes that came', () => {
  const content = new ContentAssembler()
  const chunk = Buffer.from('..body..')
  assert.equal(takesHeader(content, header(4)), false)
  assert.equal(content.part(chunk, 2, 6), true)
  const body = content.takeBody()
  assert.equal(Buffer.from(body).toString(), 'body')
  assert.equal(body.buffer, chunk.buffer)
})

test('a body in several frames is put together, empty ones among them let by', () => {
  const content = new ContentAssembler()
  takesHeader(content, header(6))
  assert.equal(takesPart(content, 'ab'), false)
  assert.equal(takesPart(content, ''), false)
  assert.equal(takesPart(content, 'c'), false)
  assert.equal(takesPart(content, 'def'), true)
  assert.equal(Buffer.from(content.takeBody()).toString(), 'abcdef')
  assert.equal(takesHeader(content, header(1)), false)
  assert.equal(takesPart(content, 'g'), true)
  assert.equal(Buffer.from(content.takeBody()).toString(), 'g')
})

test('properties that repeat are the same bytes, without the chunk they came in', () => {
  const content = new ContentAssembler()
  const persistent = Buffer.of(0x10, 0, 2)
  takesHeader(content, header(0, persistent))
  const first = content.properties
  takesHeader(content, header(0, persistent))
  assert.equal(content.properties, first)
  assert.deepEqual([...first], [0x10, 0, 2])
  takesHeader(content, header(0))
  assert.notEqual(content.properties, first)
})

test('properties that run over their end are refused, though the last ones were fine', () => {
  const content = new ContentAssembler()
  takesHeader(content, header(0))
  assert.throws(() => takesHeader(content, header(0, Buffer.of(0x80, 0, 9, 65))), AmqpError)
})

test('a header or body that is not due is an unexpected frame', () => {
  const content = new ContentAssembler()
  assert.throws(() => content.header(header(0), 0, 14), refusedWith(505))
  assert.throws(() => takesPart(content, 'x'), refusedWith(505))
  content.begin()
  assert.throws(() => takesPart(content, 'x'), refusedWith(505))
  assert.ok(refusedWith(505)(content.interrupted()))
})

test('a header of another class, and a body longer than declared, are unexpected frames', () => {
  const content = new ContentAssembler()
  assert.throws(() => takesHeader(content, header(1, none, 50)), refusedWith(505))
  takesHeader(content, header(2))
  assert.throws(() => takesPart(content, 'abc'), refusedWith(505))
})

test('a body that was declared large takes no room before it comes', () => {
  const content = new ContentAssembler()
  takesHeader(content, header(2 ** 40))
  takesPart(content, 'a')
  takesPart(content, 'b')
  content.reset()
  assert.equal(content.isIdle, true)
})
