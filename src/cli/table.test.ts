import assert from 'node:assert/strict'
import { test } from 'node:test'
import { type Column, tableLines } from './table.ts'

const columns: readonly Column[] = [
  { title: 'TIME', missable: 1 },
  { title: 'ID', widthMin: 4, whole: true },
  { title: 'COUNT', align: 'right' },
  { title: 'VALUE', widthMin: 5 },
]
const rows = [
  ['08:00', 'photo:42', '7', 'a rather long value'],
  ['08:01', 'p', '1,234', 'b'],
]

test('columns are as wide as what stands in them, numbers to the right', () => {
  assert.deepEqual(tableLines(columns, rows, Number.POSITIVE_INFINITY), [
    'TIME   ID        COUNT  VALUE',
    '08:00  photo:42      7  a rather long value',
    '08:01  p         1,234  b',
  ])
})

test('in a narrow terminal values are cut first, then columns left out, and ids cut last', () => {
  assert.deepEqual(tableLines(columns, rows, 36)[1], '08:00  photo:42      7  a rather lo…')
  assert.deepEqual(tableLines(columns, rows, 24)[1], 'photo:42      7  a rath…')
  assert.deepEqual(tableLines(columns, rows, 18), [
    'ID    COUNT  VALUE',
    'pho…      7  a ra…',
    'p     1,234  b',
  ])
})

test('no line is wider than the terminal as long as there is room for anything', () => {
  for (let width = 18; width < 60; width++) {
    for (const line of tableLines(columns, rows, width)) assert.ok(line.length <= width, line)
  }
})

test('a cell is one line, whatever it holds', () => {
  const [, line] = tableLines([{ title: 'X' }], [['a\nb\u001b[31m']], 80)
  assert.equal(line, 'a\\nb\\u001b[31m')
})

test('colours take no room', () => {
  const style = (text: string): string => `<${text}>`
  const [titles, line] = tableLines(
    [{ title: 'AB', style }, { title: 'C' }],
    [['x', 'y']],
    80,
    style,
  )
  assert.equal(titles, '<AB>  <C>')
  assert.equal(line, '<x>   y')
})
