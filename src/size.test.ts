import assert from 'node:assert/strict'
import { test } from 'node:test'
import { sizeBytes, sizeText } from './size.ts'

test('a size is a number of bytes with or without a unit of 1,024', () => {
  const cases: readonly (readonly [string, number])[] = [
    ['8192', 8_192],
    ['64MiB', 2 ** 26],
    ['2 gib', 2 ** 31],
    ['1TiB', 2 ** 40],
    ['0', 0],
  ]
  for (const [text, bytes] of cases) assert.equal(sizeBytes(text), bytes)
  for (const text of ['', '1.5GiB', '2GB', '-1', 'MiB', '999999999999TiB', '1 k'])
    assert.ok(Number.isNaN(sizeBytes(text)), text)
})

test('a size is shown in the largest unit that fits', () => {
  for (const [bytes, text] of [
    [0, '0'],
    [1_000, '1000'],
    [2 ** 26, '64MiB'],
    [3 * 2 ** 30, '3GiB'],
  ] as const)
    assert.equal(sizeText(bytes), text)
})
