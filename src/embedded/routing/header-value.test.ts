import assert from 'node:assert/strict'
import { Buffer } from 'node:buffer'
import { test } from 'node:test'
import fc from 'fast-check'
import {
  equalTables,
  equalValues,
  type HeaderTable,
  type HeaderValue,
  plainTable,
  tableFrom,
  tableKey,
} from './header-value.ts'

const { value } = fc.letrec<{ value: HeaderValue }>((tie) => ({
  value: fc.oneof(
    { depthSize: 'small' },
    fc.string(),
    fc.double(),
    fc.bigInt(),
    fc.boolean(),
    fc.constant(null),
    fc.uint8Array(),
    fc.array(tie('value'), { maxLength: 3 }),
    fc.array(fc.tuple(fc.string(), tie('value')), { maxLength: 3 }).map((e) => new Map(e)),
  ),
}))
const table: fc.Arbitrary<HeaderTable> = fc
  .array(fc.tuple(fc.string(), value), { maxLength: 4 })
  .map((entries) => new Map(entries))

test('a table comes back from JSON as it went in', () => {
  fc.assert(
    fc.property(table, (one) => {
      const back = tableFrom(JSON.parse(JSON.stringify(plainTable(one))))
      assert.equal(tableKey(back), tableKey(one))
      assert.deepEqual([...back.keys()], [...one.keys()])
    }),
  )
})

test('the order of its names makes no other table', () => {
  fc.assert(
    fc.property(table, (one) => {
      const turned = new Map([...one].reverse())
      assert.equal(tableKey(turned), tableKey(one))
      if (!JSON.stringify(plainTable(one)).includes('NaN')) assert.ok(equalTables(turned, one))
    }),
  )
})

test('values are compared by value, numbers across widths, texts with their bytes', () => {
  const same: readonly (readonly [HeaderValue, HeaderValue])[] = [
    [1, 1n],
    [1n, 1],
    [2 ** 60, 2n ** 60n],
    ['ü', Buffer.from('ü')],
    [null, null],
    [
      [1, ['a']],
      [1n, ['a']],
    ],
    [new Map([['a', 1]]), new Map([['a', 1n]])],
  ]
  const different: readonly (readonly [HeaderValue, HeaderValue])[] = [
    [1, '1'],
    [1, true],
    [0, null],
    [1.5, 1n],
    [Number.NaN, 0n],
    [2 ** 53, 2n ** 53n + 1n],
    ['a', 'b'],
    [[1], [1, 2]],
    [new Map([['a', 1]]), new Map([['b', 1]])],
    [[], new Map()],
  ]
  for (const [a, b] of same) assert.ok(equalValues(a, b), String(a))
  for (const [a, b] of different) assert.ok(!equalValues(a, b), String(a))
})
