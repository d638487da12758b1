import assert from 'node:assert/strict'
import { Readable } from 'node:stream'
import { test } from 'node:test'
import { linesOf } from './input-bytes.ts'

const found = async (pieces: readonly Buffer[]): Promise<readonly (readonly unknown[])[]> => {
  const lines = await Array.fromAsync(linesOf(Readable.from(pieces), 'test'))
  return lines.map(({ number, bytes, end }) => [number, bytes.toString(), end])
}

test('lines are found however the bytes are cut', async () => {
  const bytes = Buffer.from('é1\r\n\n{"a":2}\nlast')
  const expected = [
    [1, 'é1', 5],
    [3, '{"a":2}', 14],
    [4, 'last', 18],
  ]
  for (let first = 0; first <= bytes.length; first++) {
    for (let second = first; second <= bytes.length; second++) {
      const pieces = [
        bytes.subarray(0, first),
        bytes.subarray(first, second),
        bytes.subarray(second),
      ]
      assert.deepEqual(await found(pieces.filter(({ length }) => length > 0)), expected)
    }
  }
})

test('a file that is empty or ends with a line feed has no line more for it', async () => {
  assert.deepEqual(await found([]), [])
  assert.deepEqual(await found([Buffer.from('a\n')]), [[1, 'a', 2]])
})
