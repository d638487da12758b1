import assert from 'node:assert/strict'
import { test } from 'node:test'
import fc from 'fast-check'
import { RecentOutcomes } from './recent-outcomes.ts'

test('an outcome is known until the ledger has it, and not longer', () => {
  const recent = new RecentOutcomes()
  recent.add(1, 5, 64, 10)
  recent.add(2, 5, 128, 11)
  recent.trim(9)
  assert.deepEqual(recent.places(1), [{ segment: 5, from: 64 }])
  recent.trim(10)
  assert.deepEqual(recent.places(1), [])
  assert.deepEqual(recent.places(2), [{ segment: 5, from: 128 }])
})

test('outcomes of ids with one hash are kept apart', () => {
  const recent = new RecentOutcomes()
  recent.add(1, 5, 64, 10)
  recent.add(1, 6, 64, 11)
  recent.trim(10)
  assert.deepEqual(recent.places(1), [{ segment: 6, from: 64 }])
})

test('adding and trimming in any turn keeps exactly what the ledger lacks', () => {
  const step = fc.oneof(
    fc.record({ add: fc.integer({ min: 1, max: 900 }) }),
    fc.record({ trim: fc.double({ min: 0, max: 1, noNaN: true }) }),
  )
  fc.assert(
    fc.property(fc.array(step, { maxLength: 20 }), (steps) => {
      const recent = new RecentOutcomes()
      let lsn = 0
      let applied = 0
      for (const one of steps) {
        if ('add' in one) {
          for (let n = 0; n < one.add; n++) {
            lsn++
            recent.add(lsn, 1, lsn, lsn)
          }
        } else {
          applied = Math.max(applied, Math.floor(one.trim * lsn))
          recent.trim(applied)
        }
      }
      for (let known = 1; known <= lsn; known++) {
        assert.equal(recent.places(known).length, known > applied ? 1 : 0, `LSN ${known}`)
      }
    }),
    { numRuns: 60 },
  )
})
