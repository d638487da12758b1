import assert from 'node:assert/strict'
import { Buffer } from 'node:buffer'
import { test } from 'node:test'
import fc from 'fast-check'
import { limits } from '../../limits.ts'
import { batchFrom } from './batch-lines.ts'

const bodies = (text: string): readonly string[] =>
  batchFrom(Buffer.from(text), 'q').map(({ body }) => Buffer.from(body).toString())

test('numbers that JavaScript would round go on as they were written', () => {
  const long = [
    '12345678901234567890',
    '0.12345678901234567890',
    '1e400',
    '-9007199254740993',
    '1E2',
  ]
  for (const number of long) {
    assert.deepEqual(bodies(`{"body":{"n":[${number}]}}`), [
      `{"n":[${number === '1E2' ? '100' : number}]}`,
    ])
  }
})

test('any JSON comes through a batch with the same value, as an array and as lines', () => {
  fc.assert(
    fc.property(fc.array(fc.jsonValue(), { minLength: 1 }), (values) => {
      const array = JSON.stringify(values.map((body) => ({ body })))
      const lines = values.map((body) => JSON.stringify({ body })).join('\r\n')
      const expected = values.map((value) => JSON.parse(JSON.stringify(value)) as unknown)
      for (const text of [array, `\n${lines}\n`]) {
        assert.deepEqual(
          bodies(text).map((body) => JSON.parse(body) as unknown),
          expected,
        )
      }
    }),
  )
})

test('a batch of too many, and one that is no UTF-8, are refused as a whole', () => {
  const many = '{"body":1}\n'.repeat(limits.httpBatchMax + 1)
  assert.throws(() => batchFrom(Buffer.from(many), 'q'), { code: 'message-too-large' })
  assert.throws(() => batchFrom(Buffer.from([0x5b, 0xff, 0x5d]), 'q'), { code: 'bad-argument' })
  assert.deepEqual(batchFrom(Buffer.from(' [] '), 'q'), [])
  assert.throws(() => batchFrom(Buffer.from('["a"]'), 'q'), { code: 'bad-argument' })
})
