import assert from 'node:assert/strict'
import { test } from 'node:test'
import { JsonText } from './json-text.ts'
import { bytesText, durationText, failureLine, outcomeJson, valueLine } from './outcome-text.ts'

test('durations and sizes are told in the unit that fits', () => {
  assert.deepEqual(
    [0.24, 12.3, 999.6, 1_500, 59_999, 90_000, 7_200_000, 259_200_000].map(durationText),
    ['0.2 ms', '12 ms', '1000 ms', '1.5 s', '60 s', '2 min', '2 h', '3 days'],
  )
  assert.deepEqual([0, 1_023, 1_536, 3 * 1024 ** 3].map(bytesText), [
    '0 bytes',
    '1,023 bytes',
    '1.5 KiB',
    '3.0 GiB',
  ])
})

test('a failure is one line, whatever its data are', () => {
  assert.equal(failureLine('thrown', { name: 'TypeError', message: 'no' }), 'TypeError: no')
  assert.equal(failureLine('rejected', { by: 'consumer', reason: 'old' }), 'old')
  assert.equal(failureLine('lost', { attempts: 5 }), '{"attempts":5}')
  assert.equal(failureLine('NotText', { path: 'x' }), '{"path":"x"}')
  assert.equal(failureLine('canceled', {}), '')
  assert.equal(failureLine('Odd', undefined), '')
  const issues = [{ message: 'expected a text' }]
  assert.equal(failureLine('invalid', { side: 'input', issues }), 'input: expected a text')
})

test('values of every kind have a line', () => {
  assert.equal(valueLine(undefined), '')
  assert.equal(valueLine('text'), 'text')
  assert.equal(valueLine({ a: 1 }), '{"a":1}')
  assert.equal(valueLine(new JsonText('{\n"a": 1}')), '{ "a": 1}')
  assert.equal(valueLine(new Uint8Array(3)), '3 bytes')
})

test('the JSON of an outcome says value when it is ok, otherwise data', () => {
  const times = { acceptedAt: new Date(0), finishedAt: new Date(5) }
  const row = { id: 'i', queue: 'q', contentType: '', attempts: 1, ...times }
  assert.equal(JSON.parse(outcomeJson({ ...row, code: 'ok', value: 7 })).value, 7)
  assert.equal(JSON.parse(outcomeJson({ ...row, code: 'lost', value: {} })).ok, false)
  const bytes = outcomeJson({ ...row, code: 'ok', value: new Uint8Array([1]) })
  assert.equal(JSON.parse(bytes).valueBase64, 'AQ==')
})
