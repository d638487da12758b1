import assert from 'node:assert/strict'
import { test } from 'node:test'
import { nthOperation } from '../testing/disk-fault.ts'
import { SimulatedDisk } from '../testing/simulated-disk.ts'
import { IndexPages, indexPagesName } from './index-pages.ts'
import type { Disk } from './journal/disk.ts'
import { memoryDisk } from './journal/memory-disk.ts'
import { Entry, messageKind } from './queue/entry.ts'
import { blockRowsMax, IndexBlock } from './queue/index-block.ts'

class Trial {
  readonly problems: string[] = []
  memoryBytes = 0
  readonly disk: Disk
  readonly pages: IndexPages

  constructor(disk: Disk = memoryDisk()) {
    this.disk = disk
    this.pages = new IndexPages({
      disk,
      memoryBytesMax: 1_000,
      memoryBytes: () => this.memoryBytes,
      onProblem: (text) => this.problems.push(text),
    })
  }

  /** The slot that a new block of the queue is written to. */
  async slotOf(block = blockFrom(1)): Promise<number> {
    await this.pages.write(block)
    return block.page
  }
}

function blockFrom(firstPosition: number): IndexBlock {
  const block = new IndexBlock()
  for (let n = 0; n < blockRowsMax; n++) {
    const position = firstPosition + n
    block.push(new Entry(position, 0, messageKind, n, Number.POSITIVE_INFINITY, 1, n, 10))
  }
  return block
}

const positionsOf = (block: IndexBlock): number[] => [
  block.entryAt(0, 0).position,
  block.entryAt(blockRowsMax - 1, 0).position,
]

test('a block that is put away comes back as it was', async () => {
  const { pages, problems } = new Trial()
  const blocks = [blockFrom(1), blockFrom(10_000), blockFrom(20_000)]
  for (const block of blocks) pages.putAway(block)
  await pages.sync()
  for (const block of blocks) assert.equal(block.columns, undefined)
  for (const block of blocks.toReversed()) await pages.bringBack(block)
  assert.deepEqual(blocks.map(positionsOf), [
    [1, 4_096],
    [10_000, 14_095],
    [20_000, 24_095],
  ])
  assert.deepEqual(problems, [])
})

test('a block is put away when memory is short, and kept otherwise', async () => {
  const trial = new Trial()
  const [kept, gone] = [blockFrom(1), blockFrom(5_000)]
  trial.memoryBytes = 1_000
  trial.pages.filled(kept)
  trial.memoryBytes = 1_001
  trial.pages.filled(gone)
  await trial.pages.sync()
  assert.ok(kept.columns)
  assert.equal(gone.columns, undefined)
})

test('a block that changes while it is being put away stays in memory', async () => {
  const { pages } = new Trial(new SimulatedDisk())
  const block = blockFrom(1)
  pages.putAway(block)
  // The write has begun, and is not over.
  for (let turn = 0; turn < 2; turn++) await null
  block.remove(7)
  await pages.sync()
  assert.ok(block.columns)
  assert.equal(block.isLive(7), false)
})

test('a block that did not change is not written again', async () => {
  const disk = new SimulatedDisk()
  const { pages } = new Trial(disk)
  const block = blockFrom(1)
  await pages.write(block)
  const { page } = block
  await pages.write(block)
  assert.equal(block.page, page)
  assert.equal(disk.counts.write, 1)
})

test('a slot is used again only when two checkpoints no longer name it', async () => {
  const trial = new Trial()
  const { pages } = trial
  const block = blockFrom(1)
  const first = await trial.slotOf(block)
  pages.checkpointed()
  block.remove(1)
  const second = await trial.slotOf(block)
  assert.notEqual(second, first)
  const others = [await trial.slotOf()]
  pages.checkpointed()
  others.push(await trial.slotOf())
  assert.equal(others.includes(first), false, 'the checkpoint before the last names it')
  pages.checkpointed()
  assert.equal(await trial.slotOf(), first)
})

test('slots freed by blocks that were used up wait for two checkpoints as well', async () => {
  const trial = new Trial()
  const slot = await trial.slotOf()
  trial.pages.free([slot])
  trial.pages.checkpointed()
  assert.notEqual(await trial.slotOf(), slot)
  trial.pages.checkpointed()
  assert.equal(await trial.slotOf(), slot)
})

/** Pages on a disk on which five blocks were put away before. */
async function afterFive(): Promise<Trial> {
  const { disk, ...before } = new Trial()
  for (let n = 0; n < 5; n++) await before.pages.write(blockFrom(n * 5_000 + 1))
  await before.pages.close()
  return new Trial(disk)
}

test('after a start, slots that its checkpoint does not name are free once it has a successor', async () => {
  const trial = await afterFive()
  await trial.pages.restore(new Set([1, 3]))
  assert.equal(await trial.slotOf(), 5, 'the checkpoint before it may name all others')
  trial.pages.checkpointed()
  const slots = [await trial.slotOf(), await trial.slotOf(), await trial.slotOf()]
  assert.deepEqual(slots.toSorted(), [0, 2, 4])
})

test('a start that tries a second checkpoint frees no slot that this one names', async () => {
  const trial = await afterFive()
  await trial.pages.restore(new Set([3]))
  await trial.pages.restore(new Set([0, 1, 2]))
  trial.pages.checkpointed()
  const slots = [await trial.slotOf(), await trial.slotOf(), await trial.slotOf()]
  assert.deepEqual(slots.toSorted(), [3, 4, 5])
})

test('an altered byte of a page is detected, and the page is named', async () => {
  const { disk, pages } = new Trial()
  const block = blockFrom(1)
  await pages.write(block)
  const file = await disk.open(indexPagesName)
  const at = 64 + 12_345
  const byte = new Uint8Array(1)
  await file.read(byte, at)
  await file.write(new Uint8Array([(byte[0] as number) ^ 1]), at)
  block.columns = undefined
  await assert.rejects(pages.bringBack(block), {
    code: 'journal-damaged',
    message: /^slot 0 of index\.pages does not match its checksum; .* at the next start/,
  })
})

test('a page that was never written is detected', async () => {
  await assert.rejects(new Trial().pages.read(3), { code: 'journal-damaged' })
})

test('a block that cannot be written stays in memory and is told of', async () => {
  const disk = new SimulatedDisk({ capacityBytes: 1_000 })
  const { pages, problems } = new Trial(disk)
  const block = blockFrom(1)
  pages.putAway(block)
  await pages.sync()
  assert.ok(block.columns)
  assert.ok(block.dirty)
  assert.match(problems.join(), /^putting a block of the index away failed: .*ENOSPC/)
  disk.capacityBytes = Number.POSITIVE_INFINITY
  pages.putAway(block)
  await pages.sync()
  assert.equal(block.columns, undefined)
  await pages.bringBack(block)
  assert.deepEqual(positionsOf(block), [1, 4_096])
})

test('a block is not let go of while a checkpoint is still writing it', async () => {
  const disk = new SimulatedDisk()
  const { pages } = new Trial(disk)
  const block = blockFrom(1)
  disk.faults = (operation) =>
    operation.kind === 'write' ? { kind: 'fail', code: 'ENOSPC' } : undefined
  const written = pages.write(block)
  pages.putAway(block)
  await assert.rejects(written, { code: 'ENOSPC' })
  await pages.sync()
  assert.ok(block.columns, 'its only copy is gone')
})

test('a file that cannot be opened now is tried again later', async () => {
  const disk = new SimulatedDisk({ faults: nthOperation(2, { kind: 'fail', code: 'EMFILE' }) })
  const { pages } = new Trial(disk)
  const block = blockFrom(1)
  await assert.rejects(pages.write(block), { code: 'EMFILE' })
  await pages.write(block)
  assert.equal(block.dirty, false)
})

test('a sync that failed is never followed by one that seems to succeed', async () => {
  const disk = new SimulatedDisk()
  const { pages } = new Trial(disk)
  await pages.write(blockFrom(1))
  disk.faults = (operation) =>
    operation.kind === 'sync' && disk.counts.sync === 1 ? { kind: 'fail', code: 'EIO' } : undefined
  await assert.rejects(pages.sync(), { code: 'EIO' })
  await assert.rejects(pages.sync(), { code: 'EIO' })
})
