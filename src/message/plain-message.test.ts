import assert from 'node:assert/strict'
import { test } from 'node:test'
import { encodeProperties } from '../amqp/protocol/properties.ts'
import { PlainMessage } from './plain-message.ts'

test('the content type of an AMQP message is the one of its properties', () => {
  const typed = encodeProperties({ contentType: 'application/json' })
  assert.equal(new PlainMessage('', 'q', typed, Buffer.from('1')).contentType, 'application/json')
  assert.equal(new PlainMessage('', 'q', encodeProperties({}), Buffer.from('1')).contentType, '')
})
