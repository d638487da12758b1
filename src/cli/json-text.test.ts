import assert from 'node:assert/strict'
import { test } from 'node:test'
import { asWritten, JsonText, jsonIn, jsonLine } from './json-text.ts'

test('what is JSON is kept as it was written, anything else is none', () => {
  assert.equal(jsonIn('{"n": 1.0}')?.text, '{"n": 1.0}')
  assert.equal(jsonIn('12345678901234567890')?.text, '12345678901234567890')
  assert.equal(jsonIn('hello'), undefined)
  assert.equal(jsonIn(''), undefined)
})

test('JSON that no consumer could read is refused', () => {
  assert.throws(() => jsonIn('"\\ud800"'), { code: 'unserialisable' })
  const deep = '['.repeat(100_000) + ']'.repeat(100_000)
  assert.throws(() => jsonIn(deep), { code: 'unserialisable' })
})

test('the codec passes written JSON through untouched, and writes other values as JSON', () => {
  const written = new JsonText(' {"n": 1e400} ')
  const body = asWritten.encode(written)
  assert.equal((asWritten.decode(body) as JsonText).text, written.text)
  assert.equal(Buffer.from(asWritten.encode('a "text"')).toString(), '"a \\"text\\""')
})

test('a line of JSON holds written JSON without its line feeds, and leaves out what is undefined', () => {
  const value = new JsonText('{\r\n  "a": "x\\ny",\n\t"b": [1,\n2]\n}')
  const line = jsonLine({ id: 'i', value, gone: undefined })
  assert.doesNotMatch(line, /\n/)
  assert.deepEqual(JSON.parse(line), { id: 'i', value: { a: 'x\ny', b: [1, 2] } })
})
