import assert from 'node:assert/strict'
import { test } from 'node:test'
import fc from 'fast-check'
import { anyName, anyProperties, anyTable } from '../../../test/amqp/arbitraries.ts'
import { encodeTable } from './field-table.ts'
import { decodeProperties, encodeProperties, type TextProperty } from './properties.ts'
import { withHeaders, withText } from './property-splice.ts'

const texts: readonly TextProperty[] = ['contentType', 'replyTo', 'expiration', 'clusterId']

test('a text is set or taken out and all other properties keep their bytes', () => {
  const given = fc.constantFrom(...texts)
  const property = fc.property(anyProperties, given, anyName, (properties, name, text) => {
    const bytes = encodeProperties(properties)
    assert.deepEqual(withText(bytes, name, text), encodeProperties({ ...properties, [name]: text }))
    const { [name]: _, ...others } = properties
    assert.deepEqual(withText(bytes, name, undefined), encodeProperties(others))
    assert.deepEqual(bytes, encodeProperties(properties))
  })
  fc.assert(property, { numRuns: 300 })
})

test('headers are set as a table or as table bytes, or taken out', () => {
  const property = fc.property(anyProperties, anyTable, (properties, headers) => {
    const bytes = encodeProperties(properties)
    const expected = encodeProperties({ ...properties, headers })
    assert.deepEqual(withHeaders(bytes, headers), expected)
    assert.deepEqual(withHeaders(bytes, encodeTable(headers)), expected)
    const { headers: _, ...others } = properties
    assert.deepEqual(withHeaders(bytes, undefined), encodeProperties(others))
  })
  fc.assert(property, { numRuns: 300 })
})

test('flags that go on in further words stay', () => {
  const bytes = Buffer.from('1001' + '0000' + '02', 'hex')
  const rewritten = withText(bytes, 'expiration', '5')
  assert.equal(rewritten.toString('hex'), '1101' + '0000' + '02' + '0135')
  assert.deepEqual(decodeProperties(rewritten), { deliveryMode: 2, expiration: '5' })
})
