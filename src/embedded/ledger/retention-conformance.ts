import assert from 'node:assert/strict'
import type { Retention } from './ledger.ts'
import { codeOf, fed, idsOf, type LedgerCase, t0 } from './ledger-case.ts'
import { LedgerFeed, outcomeOf } from './ledger-feed.ts'

const days = (count: number) => t0 + count * 86_400_000
const week: Retention = { retainMs: 7 * 86_400_000, retainCount: 1e9 }
const three: Retention = { retainMs: 1e12, retainCount: 3 }

const aged = () =>
  new LedgerFeed()
    .dead('a', { outcome: outcomeOf('a', { code: 'lost', finishedAtMs: days(0) }) })
    .outcome(outcomeOf('b', { finishedAtMs: days(1) }))
    .outcome(outcomeOf('c', { finishedAtMs: days(2) }))

export const retentionCases: readonly LedgerCase[] = [
  {
    title: 'an outcome older than its retention is forgotten with its dead letter',
    retention: week,
    run: async (ledger) => {
      await fed(ledger, aged())
      assert.equal(await ledger.forget(days(7)), 0)
      assert.equal(await ledger.forget(days(8)), 1)
      assert.deepEqual(ledger.find('a'), { state: 'forgotten' })
      assert.equal(codeOf(ledger, 'b'), 'ok')
      assert.equal(ledger.find('nobody'), undefined)
      assert.equal(ledger.outcomeCount(), 2)
      assert.deepEqual(idsOf(ledger.outcomes({})), ['c', 'b'])
      assert.deepEqual(ledger.deadLetters({}), [])
      assert.equal(ledger.deadCounts().size, 0)
    },
  },

  {
    title: 'what is fed forgets by its own time, without being asked',
    retention: week,
    run: async (ledger) => {
      const feed = aged()
      await fed(ledger, feed)
      await fed(ledger, feed.outcome(outcomeOf('d', { finishedAtMs: days(8.5) })))
      await ledger.forget(days(8.5))
      assert.deepEqual(idsOf(ledger.outcomes({})), ['d', 'c'])
    },
  },

  {
    title: 'more outcomes than the count: the oldest are forgotten',
    retention: three,
    run: async (ledger) => {
      const feed = aged().outcome(outcomeOf('00000000-old', { finishedAtMs: days(-1) }))
      for (const id of [
        '0199c7a5-1111-7abc-8def-0123456789ab',
        '0199C7A5-1111-7ABC-8DEF-0123456789AB',
      ])
        feed.outcome(outcomeOf(id, { finishedAtMs: days(-2) }))
      await fed(ledger, feed)
      await ledger.forget(days(3))
      assert.deepEqual(idsOf(ledger.outcomes({})), ['c', 'b', 'a'])
      assert.equal(ledger.outcomeCount(), 3)
      assert.deepEqual(ledger.find('00000000-old'), { state: 'forgotten' })
      assert.deepEqual(ledger.find('0199c7a5-1111-7abc-8def-0123456789ab'), { state: 'forgotten' })
      assert.deepEqual(ledger.find('0199C7A5-1111-7ABC-8DEF-0123456789AB'), { state: 'forgotten' })
      assert.equal(ledger.find('0199c7a5-1111-7abc-8def-0123456789ac'), undefined)
      assert.equal(ledger.find('0199c7A5-1111-7ABC-8DEF-0123456789AB'), undefined)
    },
  },

  {
    title: 'an outcome that comes again after it was forgotten stays forgotten',
    retention: three,
    run: async (ledger) => {
      const feed = aged()
      const first = feed.take()
      ledger.feed(first)
      await fed(ledger, feed.outcome(outcomeOf('d', { finishedAtMs: days(3) })))
      await ledger.forget(days(3))
      assert.deepEqual(ledger.find('a'), { state: 'forgotten' })
      ledger.feed(first)
      await fed(ledger, feed.dead('a', { outcome: outcomeOf('a', { finishedAtMs: days(9) }) }))
      assert.deepEqual(ledger.find('a'), { state: 'forgotten' })
      assert.deepEqual(ledger.deadLetters({}), [])
      assert.deepEqual(idsOf(ledger.outcomes({})), ['d', 'c', 'b'])
    },
  },

  {
    title: 'a page after a forgotten id is empty, since only older ones could follow',
    retention: week,
    run: async (ledger) => {
      await fed(ledger, aged())
      await ledger.forget(days(100))
      assert.deepEqual(ledger.outcomes({ after: 'b' }), [])
      assert.deepEqual(ledger.deadLetters({ after: 'a' }), [])
      assert.equal(ledger.outcomeCount(), 0)
    },
  },

  {
    title: 'thousands are forgotten in one call',
    retention: week,
    run: async (ledger) => {
      const feed = new LedgerFeed()
      for (let n = 0; n < 25_000; n++) feed.outcome(outcomeOf(`n${n}`, { finishedAtMs: days(0) }))
      await fed(ledger, feed)
      assert.equal(await ledger.forget(days(8)), 25_000)
      assert.equal(await ledger.forget(days(8)), 0)
      assert.equal(ledger.outcomeCount(), 0)
      assert.deepEqual(ledger.find('n24999'), { state: 'forgotten' })
    },
  },
]
