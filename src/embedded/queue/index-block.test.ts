import assert from 'node:assert/strict'
import { test } from 'node:test'
import fc from 'fast-check'
import { Entry, messageKind } from './entry.ts'
import { blockRowsMax, IndexBlock, rowBytes } from './index-block.ts'

const entryAt = (position: number, deadlineAtMs = Number.POSITIVE_INFINITY): Entry =>
  new Entry(position, 5, messageKind, position * 7, deadlineAtMs, 3, position * 100, 50)

const blockOf = (...positions: number[]): IndexBlock => {
  const block = new IndexBlock()
  for (const position of positions) block.push(entryAt(position))
  return block
}

const facts = ({ position, priority, kind, hash, deadlineAtMs, segment, from, bytes }: Entry) => ({
  ...{ position, priority, kind, hash, deadlineAtMs, segment, from, bytes },
})

test('a row comes back as the entry it was made of, at every size of the block', () => {
  const block = new IndexBlock()
  for (let n = 0; n < blockRowsMax; n++) {
    const deadline = n % 3 === 0 ? n : Number.POSITIVE_INFINITY
    block.push(new Entry(n * 2 + 1, 5, 1 + (n % 200), 2 ** 32 - 1 - n, deadline, n, n * 3, n * 5))
  }
  assert.ok(block.full)
  assert.equal(block.memoryBytes, blockRowsMax * rowBytes)
  for (let n = 0; n < blockRowsMax; n++) {
    const entry = block.entryAt(n, 5)
    assert.equal(entry.position, n * 2 + 1)
    assert.equal(entry.kind, 1 + (n % 200))
    assert.equal(entry.hash, 2 ** 32 - 1 - n)
    assert.equal(entry.segment, n)
    assert.equal(entry.from, n * 3)
    assert.equal(entry.bytes, n * 5)
    assert.equal(entry.deadlineAtMs, n % 3 === 0 ? n : Number.POSITIVE_INFINITY)
  }
})

test('a small block takes little memory', () => {
  assert.ok(blockOf(1, 2, 3).memoryBytes <= 64 * rowBytes)
})

test('a row is found by its position, and not when it is gone or was never there', () => {
  fc.assert(
    fc.property(fc.uniqueArray(fc.integer({ min: 1, max: 400 }), { minLength: 1 }), (some) => {
      const positions = some.toSorted((a, b) => a - b)
      const block = blockOf(...positions)
      for (let position = 0; position <= 401; position++) {
        assert.equal(block.rowOf(position), positions.indexOf(position))
      }
      block.remove(0)
      assert.equal(block.rowOf(positions[0] as number), -1)
      assert.equal(block.live, positions.length - 1)
    }),
  )
})

test('the first row is the oldest that is not gone', () => {
  const block = blockOf(1, 2, 3, 4)
  block.remove(0)
  block.remove(2)
  assert.equal(block.first(5)?.position, 2)
  block.takeFirst()
  assert.equal(block.first(5)?.position, 4)
  assert.equal(block.rowOf(2), -1)
  block.takeFirst()
  assert.equal(block.first(5), undefined)
  assert.equal(block.live, 0)
})

test('expired rows are named once they are due, and the next deadline is known', () => {
  const block = new IndexBlock()
  for (const [position, deadline] of [
    [1, 50],
    [2, Number.POSITIVE_INFINITY],
    [3, 20],
    [4, 90],
  ] as const)
    block.push(entryAt(position, deadline))
  assert.equal(block.deadlineMsMin, 20)
  assert.deepEqual(block.expired(19), [])
  assert.deepEqual(block.expired(50), [0, 2])
  for (const row of [0, 2]) block.remove(row)
  assert.deepEqual(block.expired(50), [])
  assert.equal(block.deadlineMsMin, 90)
})

test('a block put away and brought back has the same rows, and what was taken stays taken', () => {
  const block = blockOf(1, 2, 3, 4, 5)
  block.takeFirst()
  block.remove(2)
  const page = block.copyOut()
  block.columns = undefined
  assert.equal(block.memoryBytes, 0)
  block.bringBack(page)
  assert.deepEqual(
    [0, 1, 2, 3, 4].map((row) => block.isLive(row)),
    [false, true, false, true, true],
  )
  assert.deepEqual(facts(block.entryAt(3, 5)), facts(entryAt(4)))
})

test('the page of a block is a copy: later changes of the block do not reach it', () => {
  const block = blockOf(1, 2)
  const page = block.copyOut()
  block.remove(0)
  const other = blockOf(1, 2)
  other.bringBack(page)
  assert.ok(other.isLive(0))
})

test('a row whose record was moved by compaction tells the new place', () => {
  const block = blockOf(1, 2)
  block.dirty = false
  block.moveTo(1, 9, 640, 70)
  const { segment, from, bytes } = block.entryAt(1, 5)
  assert.deepEqual({ segment, from, bytes }, { segment: 9, from: 640, bytes: 70 })
  assert.ok(block.dirty)
})
