import assert from 'node:assert/strict'
import { test } from 'node:test'
import fc from 'fast-check'
import { Entry, messageKind } from './entry.ts'
import { Fifo } from './fifo.ts'
import { blockRowsMax, type IndexBlock } from './index-block.ts'

const entryAt = (position: number): Entry =>
  new Entry(position, 0, messageKind, position, Number.POSITIVE_INFINITY, 1, position, 10)

function fifoOf(count: number, firstPosition = 1): { fifo: Fifo; filled: IndexBlock[] } {
  const fifo = new Fifo(0)
  const filled: IndexBlock[] = []
  for (let n = 0; n < count; n++) {
    const block = fifo.push(entryAt(firstPosition + n))
    if (block) filled.push(block)
  }
  return { fifo, filled }
}

function drained(fifo: Fifo): number[] {
  const positions: number[] = []
  for (let entry = fifo.first(); entry; entry = fifo.first()) {
    positions.push(entry.position)
    fifo.takeFirst()
  }
  return positions
}

const upTo = (count: number): number[] => Array.from({ length: count }, (_, n) => n + 1)

test('messages come out in the order in which they went in, across blocks', () => {
  for (const count of [0, 1, 63, 64, 65, blockRowsMax, blockRowsMax + 1, 3 * blockRowsMax + 5]) {
    const { fifo } = fifoOf(count)
    assert.equal(fifo.live, count)
    assert.deepEqual(drained(fifo), upTo(count))
    assert.equal(fifo.live, 0)
  }
})

test('a block is told when it is full, once', () => {
  const { fifo, filled } = fifoOf(2 * blockRowsMax + 1)
  assert.equal(filled.length, 2)
  assert.deepEqual(filled, fifo.blocks.slice(0, 2))
})

test('what is removed from the middle is passed over, and empty blocks with it', () => {
  const { fifo } = fifoOf(3 * blockRowsMax)
  for (let position = 2; position <= 2 * blockRowsMax + 7; position++) {
    const block = fifo.blockOf(position)
    assert.ok(block)
    fifo.remove(block, block.rowOf(position))
  }
  assert.deepEqual(drained(fifo), [1, ...upTo(3 * blockRowsMax).slice(2 * blockRowsMax + 7)])
})

test('a fifo that ran empty takes new messages', () => {
  const { fifo } = fifoOf(10)
  drained(fifo)
  fifo.push(entryAt(11))
  assert.deepEqual(drained(fifo), [11])
})

test('the block of a position is found among those with gaps between them', () => {
  const { fifo } = fifoOf(2 * blockRowsMax)
  for (let n = 0; n < 5; n++) fifo.push(entryAt(100_000 + n * 10))
  assert.equal(fifo.blockOf(1), fifo.blocks[0])
  assert.equal(fifo.blockOf(blockRowsMax), fifo.blocks[0])
  assert.equal(fifo.blockOf(blockRowsMax + 1), fifo.blocks[1])
  assert.equal(fifo.blockOf(50_000), undefined)
  assert.equal(fifo.blockOf(100_010), fifo.blocks[2])
  assert.equal(fifo.blockOf(200_000), undefined)
})

test('a block that is put away stops the fifo at its head, is named, and goes on when it is back', () => {
  const { fifo, filled } = fifoOf(3 * blockRowsMax)
  const pages = filled.map((block, page) => {
    const bytes = block.copyOut()
    block.page = page
    block.columns = undefined
    return bytes
  })
  const positions: number[] = []
  for (const [n, block] of filled.entries()) {
    assert.equal(fifo.first(), undefined)
    assert.equal(fifo.needed(), block)
    block.bringBack(pages[n] as Buffer)
    for (let entry = fifo.first(); entry; entry = fifo.first()) {
      positions.push(entry.position)
      fifo.takeFirst()
    }
  }
  assert.deepEqual(positions, upTo(3 * blockRowsMax))
  assert.deepEqual(fifo.freedPages, [0, 1, 2])
})

test('a new message goes behind blocks that are put away', () => {
  const { fifo, filled } = fifoOf(blockRowsMax)
  const [block] = filled as [IndexBlock]
  const page = block.copyOut()
  block.columns = undefined
  fifo.push(entryAt(blockRowsMax + 1))
  assert.equal(fifo.first(), undefined)
  block.bringBack(page)
  assert.deepEqual(drained(fifo), upTo(blockRowsMax + 1))
})

test('taking, removing and adding in any turn keeps order and count', () => {
  const step = fc.oneof(
    fc.record({ kind: fc.constant('push' as const), count: fc.nat(3_000) }),
    fc.record({ kind: fc.constant('take' as const), count: fc.nat(3_000) }),
    fc.record({ kind: fc.constant('remove' as const), at: fc.nat(10_000) }),
  )
  fc.assert(
    fc.property(fc.array(step, { maxLength: 25 }), (steps) => {
      const fifo = new Fifo(0)
      let model: number[] = []
      let next = 1
      for (const one of steps) {
        if (one.kind === 'push') {
          for (let n = 0; n < one.count; n++) {
            model.push(next)
            fifo.push(entryAt(next++))
          }
        } else if (one.kind === 'take') {
          const taken = Math.min(one.count, model.length)
          for (let n = 0; n < taken; n++) {
            assert.equal(fifo.first()?.position, model[n])
            fifo.takeFirst()
          }
          model = model.slice(taken)
        } else if (model.length > 0) {
          const [position] = model.splice(one.at % model.length, 1) as [number]
          const block = fifo.blockOf(position)
          assert.ok(block)
          fifo.remove(block, block.rowOf(position))
        }
        assert.equal(fifo.live, model.length)
      }
      assert.deepEqual(drained(fifo), model)
    }),
    { numRuns: 60 },
  )
})
