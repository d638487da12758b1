import assert from 'node:assert/strict'
import { Buffer } from 'node:buffer'
import { test } from 'node:test'
import { HomingError } from '../../../errors.ts'
import { type Carried, decodeMessage, encodeMessage, header } from './wire-message.ts'

const nowMs = 1_000_000

const carried: Carried = {
  message: {
    id: 'a',
    idChosen: true,
    exchange: '',
    routingKey: 'work',
    contentType: 'text/plain',
    body: Buffer.from('hello'),
    priority: 200,
    deadlineAtMs: nowMs + 5_000,
    availableAtMs: nowMs - 10,
    timeoutMs: 300,
    attemptsMax: 7,
    meta: { headers: { 'x-ü': 'ÿ€😀' }, key: 'k', callbacks: [{ name: 'done', context: '{}' }] },
  },
  acceptedAtMs: nowMs - 20,
  attempts: 3,
  excused: 1,
  reply: 'homing.replies.x',
}

const mint = (): string => 'minted'

function sent(one: Carried) {
  const { messageId, contentType, headers, priority } = encodeMessage(one, nowMs)
  const properties = { messageId, contentType, headers, priority }
  return { properties, content: Buffer.from(one.message.body) }
}

test('what is decoded is the message that was encoded', () => {
  assert.deepEqual(decodeMessage(sent(carried), 'work', nowMs, mint), carried)
  const plain: Carried = {
    message: {
      ...carried.message,
      ...{ idChosen: false, contentType: '', priority: 0, meta: undefined },
      ...{ deadlineAtMs: Number.POSITIVE_INFINITY, availableAtMs: 0, timeoutMs: 0 },
    },
    ...{ acceptedAtMs: nowMs, attempts: 0, excused: 0, reply: undefined },
  }
  assert.deepEqual(decodeMessage(sent(plain), 'work', nowMs, mint), plain)
})

test('the server is told the shortest time that it may wait, and what came back is in front', () => {
  const { expiration, priority, persistent, mandatory } = encodeMessage(carried, nowMs)
  assert.deepEqual(
    { expiration, priority, persistent, mandatory },
    { expiration: '5000', priority: 10, persistent: true, mandatory: true },
  )
  const first = { ...carried, attempts: 0, message: { ...carried.message, priority: 4 } }
  assert.equal(encodeMessage(first, nowMs).priority, 4)
  const brief = { ...first, message: { ...first.message, meta: { ttlMs: 50 } } }
  assert.equal(encodeMessage(brief, nowMs).expiration, '40')
  assert.equal(encodeMessage(brief, nowMs + 900).expiration, '0')
})

test('a message of another program has the defaults, and an id of its own or a new one', () => {
  const content = Buffer.from('x')
  const nameless = decodeMessage({ content, properties: { priority: 3 } }, 'work', nowMs, mint)
  assert.equal(nameless.message.id, 'minted')
  assert.equal(nameless.message.attemptsMax, 5)
  assert.equal(nameless.message.priority, 3)
  assert.equal(nameless.acceptedAtMs, nowMs)
  const named = { content, properties: { messageId: 'theirs' } }
  assert.equal(decodeMessage(named, 'work', nowMs, mint).message.id, 'theirs')
})

test('a header that cannot be read is refused with its reason', () => {
  const texts: readonly (readonly [unknown, RegExp])[] = [
    [7, /no text/],
    ['{', /no JSON/],
    ['null', /no object/],
    ['{"v":2,"accepted":1,"tries":1}', /version 2/],
    ['{"v":1,"accepted":1}', /lacks a field/],
    ['{"v":1,"accepted":"1","tries":1}', /wrong type/],
    ['{"v":1,"accepted":1,"tries":1,"meta":4}', /wrong type/],
  ]
  for (const [text, why] of texts) {
    const arrived = {
      content: Buffer.alloc(0),
      properties: { messageId: 'a', headers: { [header]: text } },
    }
    assert.throws(
      () => decodeMessage(arrived, 'work', nowMs, mint),
      (error) =>
        error instanceof HomingError && error.code === 'undecodable' && why.test(error.message),
      String(text),
    )
  }
})
