import assert from 'node:assert/strict'
import { test } from 'node:test'
import type { HeaderValue } from '../../embedded/routing/header-value.ts'
import { AmqpError } from './amqp-error.ts'
import { carbonCopies, checkCarbonCopies, withoutBcc } from './carbon-copies.ts'
import { encodeProperties } from './properties.ts'

const withHeader = (...headers: readonly (readonly [string, HeaderValue])[]) =>
  encodeProperties({ deliveryMode: 2, headers: new Map(headers) })

test('the keys of CC come first, then those of BCC', () => {
  const properties = withHeader(['BCC', ['c']], ['n', 1], ['CC', ['a', 'b']])
  checkCarbonCopies(properties)
  assert.deepEqual(carbonCopies(properties), ['a', 'b', 'c'])
})

test('BCC is taken out and everything else stays', () => {
  const properties = withHeader(['CC', ['a']], ['BCC', ['c']], ['n', 1])
  assert.deepEqual(withoutBcc(properties), withHeader(['CC', ['a']], ['n', 1]))
  const open = withHeader(['CC', ['a']])
  assert.equal(withoutBcc(open), open)
  const bare = encodeProperties({})
  assert.equal(withoutBcc(bare), bare)
})

test('CC and BCC that are no array are refused with 406', () => {
  for (const name of ['CC', 'BCC'])
    for (const value of ['key', 5, null, new Map()])
      assert.throws(
        () => checkCarbonCopies(withHeader([name, value])),
        (error) =>
          error instanceof AmqpError && error.replyCode === 406 && error.message.includes(name),
      )
})

test('elements that are no text name nobody', () => {
  const properties = withHeader(['CC', ['a', 5, null, ['b'], new Map([['c', 'd']])]])
  checkCarbonCopies(properties)
  assert.deepEqual(carbonCopies(properties), ['a'])
})

test('a message without them names nobody else', () => {
  for (const properties of [
    encodeProperties({}),
    withHeader(['cc', ['a']]),
    withHeader(['CC', 'a']),
  ])
    assert.deepEqual(carbonCopies(properties), [])
})
