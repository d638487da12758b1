import assert from 'node:assert/strict'
import { test } from 'node:test'
import fc from 'fast-check'
import { PlainMessage } from '../message/plain-message.ts'
import type { HeldMessage } from '../virtual-host/port.ts'
import { Taken, Unacknowledged } from './unacknowledged.ts'

const held = (): HeldMessage => ({
  message: new PlainMessage('', 'q', new Uint8Array(2), new Uint8Array(0)),
  redelivered: false,
})

function withTags(...tags: readonly number[]): Unacknowledged<string> {
  const unacknowledged = new Unacknowledged<string>()
  for (const tag of tags) unacknowledged.add(tag, held(), 'consumer')
  return unacknowledged
}

function take(from: Unacknowledged<string>, tag: number, multiple = false): number[] | 'unknown' {
  const taken = new Taken<string>()
  return from.take(tag, multiple, taken) ? taken.tags : 'unknown'
}

test('a delivery is settled once; a second time its tag is unknown', () => {
  const unacknowledged = withTags(1, 2, 3)
  assert.deepEqual(take(unacknowledged, 2), [2])
  assert.equal(take(unacknowledged, 2), 'unknown')
  assert.equal(take(unacknowledged, 4), 'unknown')
  assert.equal(take(unacknowledged, 0), 'unknown')
  assert.equal(unacknowledged.count, 2)
})

test('multiple settles all up to the tag, in order of delivery, without those settled before', () => {
  const unacknowledged = withTags(1, 2, 3, 5, 8, 9)
  assert.deepEqual(take(unacknowledged, 2), [2])
  assert.deepEqual(take(unacknowledged, 5, true), [1, 3, 5])
  assert.deepEqual(take(unacknowledged, 9, true), [8, 9])
  assert.equal(take(unacknowledged, 9, true), 'unknown')
})

test('multiple with a tag that was settled, or never was, settles nothing', () => {
  const unacknowledged = withTags(1, 2, 3)
  assert.deepEqual(take(unacknowledged, 2), [2])
  assert.equal(take(unacknowledged, 2, true), 'unknown')
  assert.equal(take(unacknowledged, 7, true), 'unknown')
  assert.equal(unacknowledged.count, 2)
})

test('tag 0 with multiple settles all there are, also when there are none', () => {
  const unacknowledged = withTags(4, 6)
  assert.deepEqual(take(unacknowledged, 0, true), [4, 6])
  assert.deepEqual(take(unacknowledged, 0, true), [])
})

test('what was taken back can be settled once, to no effect', () => {
  const unacknowledged = new Unacknowledged<string>()
  const gone = held()
  unacknowledged.add(1, held(), 'consumer')
  unacknowledged.add(2, gone, 'consumer')
  assert.equal(unacknowledged.revoke(gone), true)
  assert.equal(unacknowledged.revoke(gone), false)
  assert.equal(unacknowledged.count, 1)
  assert.equal(unacknowledged.owned, 1)
  assert.deepEqual(take(unacknowledged, 2), [])
  assert.equal(take(unacknowledged, 2), 'unknown')
  assert.deepEqual(take(unacknowledged, 1), [1])
})

test('what is put back has its old tags, and stands among the others in their order', () => {
  const unacknowledged = withTags(1, 2, 3, 4)
  const taken = new Taken<string>()
  unacknowledged.take(1, false, taken)
  unacknowledged.take(3, false, taken)
  unacknowledged.add(5, held(), undefined)
  unacknowledged.putBack(taken)
  assert.equal(unacknowledged.count, 5)
  assert.equal(unacknowledged.owned, 4)
  assert.deepEqual(take(unacknowledged, 3, true), [1, 2, 3])
  assert.deepEqual(take(unacknowledged, 5, true), [4, 5])
})

test('deliveries of basic.get are held, and do not count as those of consumers', () => {
  const unacknowledged = new Unacknowledged<string>()
  unacknowledged.add(1, held(), undefined)
  unacknowledged.add(2, held(), 'consumer')
  assert.equal(unacknowledged.count, 2)
  assert.equal(unacknowledged.owned, 1)
})

test('one delivery that is never settled costs one place, whatever is settled behind it', () => {
  const unacknowledged = withTags(1)
  for (let tag = 2; tag < 100_000; tag += 3) {
    unacknowledged.add(tag, held(), 'consumer')
    assert.deepEqual(take(unacknowledged, tag), [tag])
  }
  assert.deepEqual(take(unacknowledged, 1), [1])
  assert.equal(unacknowledged.count, 0)
})

/** The same by a Map, which is slow and plain. */
function model(tags: Map<number, string>, tag: number, multiple: boolean): number[] | 'unknown' {
  if (tag === 0 && multiple) return [...tags.keys()]
  if (!tags.has(tag)) return 'unknown'
  return multiple ? [...tags.keys()].filter((other) => other <= tag) : [tag]
}

test('whatever is delivered and settled, it is as a plain list of tags would have it', () => {
  const step = fc.oneof(
    fc.record({ kind: fc.constant('deliver' as const), skip: fc.nat(3) }),
    fc.record({ kind: fc.constant('settle' as const), at: fc.nat(60), multiple: fc.boolean() }),
  )
  fc.assert(
    fc.property(fc.array(step, { maxLength: 200 }), (steps) => {
      const unacknowledged = new Unacknowledged<string>()
      const tags = new Map<number, string>()
      let last = 0
      for (const one of steps) {
        if (one.kind === 'deliver') {
          last += 1 + one.skip
          unacknowledged.add(last, held(), 'consumer')
          tags.set(last, '')
          continue
        }
        const tag = Math.max(0, last - one.at)
        const expected = model(tags, tag, one.multiple)
        assert.deepEqual(take(unacknowledged, tag, one.multiple), expected)
        if (expected !== 'unknown') for (const gone of expected) tags.delete(gone)
        assert.equal(unacknowledged.count, tags.size)
      }
    }),
  )
})
