import assert from 'node:assert/strict'
import { test } from 'node:test'
import { TailCache } from './tail-cache.ts'

const pieceOf = (length: number, first: number): Buffer =>
  Buffer.from(Array.from({ length }, (_, n) => (first + n) % 256))

test('bytes are found in the piece that holds all of them, of their segment only', () => {
  const cache = new TailCache(1_000)
  cache.add(1, 100, pieceOf(50, 0))
  assert.deepEqual(cache.find(1, 110, 5), pieceOf(5, 10))
  assert.deepEqual(cache.find(1, 100, 50), pieceOf(50, 0))
  assert.equal(cache.find(2, 110, 5), undefined)
  assert.equal(cache.find(1, 99, 5), undefined)
  assert.equal(cache.find(1, 148, 3), undefined)
})

test('bytes across two pieces are not found: a record lies in one', () => {
  const cache = new TailCache(1_000)
  cache.add(1, 0, pieceOf(10, 0))
  cache.add(1, 10, pieceOf(10, 10))
  assert.equal(cache.find(1, 8, 4), undefined)
  assert.deepEqual(cache.find(1, 12, 4), pieceOf(4, 12))
})

test('the oldest pieces go when there are too many bytes, but never the last', () => {
  const cache = new TailCache(100)
  for (let n = 0; n < 5; n++) cache.add(1, n * 40, pieceOf(40, n))
  assert.equal(cache.find(1, 80, 1), undefined)
  assert.ok(cache.find(1, 120, 40))
  assert.ok(cache.find(1, 160, 40))
  cache.add(2, 0, pieceOf(500, 0))
  assert.equal(cache.find(1, 160, 1), undefined)
  assert.ok(cache.find(2, 0, 500))
})

test('what was found stays as it is when its piece goes', () => {
  const cache = new TailCache(10)
  cache.add(1, 0, pieceOf(10, 7))
  const found = cache.find(1, 0, 10)
  cache.add(1, 10, pieceOf(10, 99))
  assert.equal(cache.find(1, 0, 10), undefined)
  assert.deepEqual(found, pieceOf(10, 7))
})
