import assert from 'node:assert/strict'
import { test } from 'node:test'
import { encodeProperties } from '../amqp/protocol/properties.ts'
import { delayMs, expirationMs } from './content-checks.ts'

test('a delay is a whole number above 0, also as a text; anything else delays nothing', () => {
  assert.equal(delayMs(1_500), 1_500)
  assert.equal(delayMs(1_500n), 1_500)
  assert.equal(delayMs('1500'), 1_500)
  assert.equal(delayMs(1.9), 1)
  assert.equal(delayMs(2 ** 32 - 1), 2 ** 32 - 1)
  const none = [0, -1, 2 ** 32, Number.NaN, '', 'soon', '1e3', null, true, [], undefined] as const
  for (const value of none) assert.equal(delayMs(value), 0)
})

test('an expiration that is not said is none', () => {
  assert.equal(expirationMs(encodeProperties({})), Number.POSITIVE_INFINITY)
  assert.equal(expirationMs(encodeProperties({ expiration: '0' })), 0)
  assert.equal(expirationMs(encodeProperties({ expiration: '315360000000' })), 315_360_000_000)
})
