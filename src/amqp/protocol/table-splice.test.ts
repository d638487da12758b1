import assert from 'node:assert/strict'
import { test } from 'node:test'
import fc from 'fast-check'
import { anyName, anyTable, anyValue } from '../../../test/amqp/arbitraries.ts'
import { decodeTable, encodeTable } from './field-table.ts'
import { fieldOf, tableWith, tableWithout } from './table-splice.ts'

const hex = (text: string) => Buffer.from(text, 'hex')

// Types that our own encoding would choose differently: u8, i64, float, decimal, timestamp.
const foreign = hex(
  '0161' + '4205' + '024343' + '56' + '0162' + '6c0000000000000001' + '0163' + '663fc00000',
)

test('fields that are not named keep their bytes, their order and their types', () => {
  assert.equal(
    tableWithout(foreign, ['CC']).toString('hex'),
    foreign.toString('hex').replace('02434356', ''),
  )
  assert.deepEqual(tableWithout(foreign, []), foreign)
  assert.deepEqual(tableWithout(foreign, ['A', 'C', 'CCC', '']), foreign)
  assert.equal(tableWithout(foreign, ['a', 'CC', 'b', 'c']).length, 0)
})

test('an addition takes the place of a field of its name', () => {
  const bytes = tableWith(foreign, new Map([['CC', 'x']]))
  assert.equal(
    bytes.toString('hex'),
    `${foreign.toString('hex').replace('02434356', '')}024343530000000178`,
  )
})

test('all fields of a name that stands twice are left out', () => {
  assert.equal(
    tableWithout(hex('01614201' + '01624202' + '01614203'), ['a']).toString('hex'),
    '01624202',
  )
})

test('splicing bytes is the same as changing the table they stand for', () => {
  const property = fc.property(anyTable, anyTable, anyName, (table, additions, name) => {
    const bytes = encodeTable(table)
    const without = new Map([...table].filter(([field]) => field !== name))
    assert.deepEqual(decodeTable(tableWithout(bytes, [name])), without)
    const with_ = new Map([...table, ...additions])
    assert.deepEqual(decodeTable(tableWith(bytes, additions)), with_)
  })
  fc.assert(property, { numRuns: 300 })
})

test('one field is found by its name and read alone', () => {
  const property = fc.property(anyTable, anyName, anyValue, (table, name, value) => {
    const bytes = encodeTable(new Map([...table, [name, value]]))
    assert.deepEqual(fieldOf(bytes, name), value)
    assert.equal(fieldOf(tableWithout(bytes, [name]), name), undefined)
  })
  fc.assert(property, { numRuns: 300 })
})
