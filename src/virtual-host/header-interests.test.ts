import assert from 'node:assert/strict'
import { test } from 'node:test'
import { encodeProperties } from '../amqp/protocol/properties.ts'
import type { HeaderValue } from '../embedded/routing/header-value.ts'
import { headerInterests, interest } from './header-interests.ts'

const found = (headers: Readonly<Record<string, HeaderValue>>): number =>
  headerInterests(encodeProperties({ headers: new Map(Object.entries(headers)) }))

test('the headers that mean something are found among others, whatever these hold', () => {
  assert.equal(headerInterests(encodeProperties({ contentType: 'a/b' })), 0)
  assert.equal(found({}), 0)
  const others = { C: 1, CCC: ['a'], cc: ['a'], B: null, x: 'x-delay', 'x-homin': 1, h: new Map() }
  assert.equal(found(others), 0)
  assert.equal(found({ ...others, CC: ['a'] }), interest.carbonCopy)
  assert.equal(found({ ...others, BCC: 1 }), interest.blindCopy)
  assert.equal(found({ 'x-delay': 5, ...others }), interest.delay)
  assert.equal(found({ ...others, 'x-homing-notify': 'all' }), interest.homing)
  assert.equal(
    found({ CC: [], BCC: [], 'x-delay': 1, 'x-homing-id': 'a' }),
    interest.carbonCopy | interest.blindCopy | interest.delay | interest.homing,
  )
})
