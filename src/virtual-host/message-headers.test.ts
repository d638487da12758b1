import assert from 'node:assert/strict'
import { test } from 'node:test'
import { encodeProperties } from '../amqp/protocol/properties.ts'
import type { HeaderValue } from '../embedded/routing/header-value.ts'
import { MessageHeaders } from './message-headers.ts'

test('headers are the same however often they are asked for', () => {
  const table = new Map<string, HeaderValue>([
    ...([
      ['a', 1],
      ['b', 'text'],
      ['c', null],
      ['d', true],
    ] as const),
    ['e', new Map([['f', [1, 2]]])],
    ['__proto__', 'kept'],
  ])
  const headers = new MessageHeaders(encodeProperties({ headers: table }))
  assert.equal(headers.asked, false)
  for (let n = 0; n < 20; n++)
    for (const [name, value] of table) assert.deepEqual(headers.get(name), value, name)
  assert.equal(headers.get('toString'), undefined)
  assert.equal(headers.asked, true)
  assert.equal(new MessageHeaders(encodeProperties({})).get('a'), undefined)
})

test('many bindings that ask for headers of a large table take no longer for it', () => {
  const many = Array.from({ length: 5_000 }, (_, n) => [`header-${n}`, n] as const)
  const headers = new MessageHeaders(encodeProperties({ headers: new Map(many) }))
  for (let n = 0; n < 50_000; n++) assert.equal(headers.get('header-4999'), 4_999)
})
