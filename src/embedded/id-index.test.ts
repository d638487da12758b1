import assert from 'node:assert/strict'
import { test } from 'node:test'
import fc from 'fast-check'
import { hashId, IdIndex } from './id-index.ts'

interface Placed {
  readonly hash: number
  readonly segment: number
  readonly from: number
}

const key = ({ segment, from }: { segment: number; from: number }): string => `${segment}:${from}`
const placesOf = (index: IdIndex, hash: number): string[] => index.places(hash).map(key).sort()

/** The index and what it must hold, side by side. */
class Trial {
  readonly index = new IdIndex()
  readonly model = new Map<string, Placed>()

  add(placed: Placed): void {
    if (this.model.has(key(placed))) return
    this.model.set(key(placed), placed)
    this.index.add(placed.hash, placed.segment, placed.from)
  }

  remove(which: number): void {
    const placed = this.nth(which)
    if (!placed) return
    this.model.delete(key(placed))
    this.index.remove(placed.hash, placed.segment, placed.from)
  }

  move(which: number, segment: number, from: number): void {
    const placed = this.nth(which)
    if (!placed || this.model.has(key({ segment, from }))) return
    this.model.delete(key(placed))
    this.model.set(key({ segment, from }), { hash: placed.hash, segment, from })
    this.index.move(placed.hash, placed, segment, from)
  }

  nth(which: number): Placed | undefined {
    return [...this.model.values()][which % Math.max(1, this.model.size)]
  }

  check(): void {
    const byHash = Map.groupBy(this.model.values(), ({ hash }) => hash)
    for (const [hash, placed] of byHash) {
      assert.deepEqual(placesOf(this.index, hash), placed.map(key).sort())
    }
  }
}

/** Few hashes of one shard, near both ends of its table: they collide and wrap around its end. */
const anyHash = fc.oneof(
  fc.constantFrom(0x00000000, 0x00000100, 0x0a000000, 0x7f000000),
  fc.constantFrom(0xf0000000, 0xff000000, 0xffff0000, 0xffffff00),
)
const step = fc.oneof(
  fc.record({ kind: fc.constant('add' as const), hash: anyHash, at: fc.nat(500) }),
  fc.record({ kind: fc.constant('remove' as const), which: fc.nat(1_000) }),
  fc.record({ kind: fc.constant('move' as const), which: fc.nat(1_000), at: fc.nat(500) }),
)

test('the index holds what a map holds, however hashes collide, wrap around and leave gaps', () => {
  fc.assert(
    fc.property(fc.array(step, { maxLength: 120 }), (steps) => {
      const trial = new Trial()
      for (const one of steps) {
        if (one.kind === 'add') trial.add({ hash: one.hash, segment: 1, from: one.at })
        else if (one.kind === 'remove') trial.remove(one.which)
        else trial.move(one.which, 2, one.at)
        trial.check()
      }
    }),
    { numRuns: 300 },
  )
})

test('a hundred thousand ids are all found while the index grows, and none after they were removed', () => {
  const index = new IdIndex()
  const count = 100_000
  const hashes = Array.from({ length: count }, (_, n) => hashId(`id-${n}`, 7))
  for (const [n, hash] of hashes.entries()) index.add(hash, 1 + (n % 1_000), n)
  for (const [n, hash] of hashes.entries()) {
    assert.ok(index.places(hash).some(({ from }) => from === n))
  }
  for (const [n, hash] of hashes.entries()) if (n % 2 === 0) index.remove(hash, 1 + (n % 1_000), n)
  for (const [n, hash] of hashes.entries()) {
    assert.equal(
      index.places(hash).some(({ from }) => from === n),
      n % 2 === 1,
    )
  }
})

test('room made beforehand changes nothing of what is found', () => {
  const index = new IdIndex()
  index.add(5, 1, 10)
  index.reserve(50_000)
  for (let n = 0; n < 50_000; n++) index.add(hashId(`${n}`, 1), 2, n)
  assert.ok(index.places(5).some(({ segment }) => segment === 1))
  for (let n = 0; n < 50_000; n += 97) {
    assert.ok(index.places(hashId(`${n}`, 1)).some(({ from }) => from === n))
  }
})

test('removing what is not there changes nothing', () => {
  const index = new IdIndex()
  index.add(1, 1, 1)
  index.remove(1, 1, 2)
  index.remove(1, 2, 1)
  index.remove(2, 1, 1)
  index.move(1, { segment: 9, from: 9 }, 3, 3)
  assert.deepEqual(index.places(1), [{ segment: 1, from: 1 }])
})

test('two records of one id are both found', () => {
  const index = new IdIndex()
  index.add(77, 1, 64)
  index.add(77, 2, 64)
  assert.deepEqual(placesOf(index, 77), ['1:64', '2:64'])
})

test('the last places a segment can have are kept in full', () => {
  const index = new IdIndex()
  index.add(0xffffffff, 0xffffffff, 0xffffffff)
  assert.deepEqual(index.places(0xffffffff), [{ segment: 0xffffffff, from: 0xffffffff }])
})

test('the hash of an id depends on every letter of it and on the seed of the directory', () => {
  const ids = ['', 'a', 'b', 'ab', 'ba', 'aa', 'photo:42', 'photo:43', 'photo:24']
  assert.equal(new Set(ids.map((id) => hashId(id, 1))).size, ids.length)
  assert.notEqual(hashId('photo:42', 1), hashId('photo:42', 2))
  assert.equal(hashId('photo:42', 1), hashId('photo:42', 1))
})

test('hashes of ids that follow each other spread over the whole range', () => {
  const parts = new Array(64).fill(0)
  for (let n = 0; n < 64_000; n++) parts[hashId(`order-${n}`, 3) >>> 26]++
  for (const count of parts) assert.ok(count > 800 && count < 1_200, `${count} of about 1,000`)
})
