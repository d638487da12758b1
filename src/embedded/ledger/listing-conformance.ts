import assert from 'node:assert/strict'
import { HomingError } from '../../errors.ts'
import type { Ledger } from './ledger.ts'
import { fed, idsOf, type LedgerCase, t0 } from './ledger-case.ts'
import { LedgerFeed, outcomeOf } from './ledger-feed.ts'

const five = () =>
  new LedgerFeed()
    .outcome(outcomeOf('a', { queue: 'x', finishedAtMs: t0 + 1 }))
    .outcome(outcomeOf('b', { queue: 'y', finishedAtMs: t0 + 2, code: 'lost' }))
    .outcome(outcomeOf('c', { queue: 'x', finishedAtMs: t0 + 2, code: 'thrown' }))
    .outcome(outcomeOf('d', { queue: 'x', finishedAtMs: t0 + 4, code: 'NotAnImage' }))
    .outcome(outcomeOf('late', { queue: 'y', finishedAtMs: t0 }))

export const listingCases: readonly LedgerCase[] = [
  {
    title: 'outcomes are listed newest first, equal times by arrival',
    run: async (ledger) => {
      await fed(ledger, five())
      assert.deepEqual(idsOf(ledger.outcomes({})), ['d', 'c', 'b', 'a', 'late'])
    },
  },

  {
    title: 'outcomes are listed by queue, code and time, alone and together',
    run: async (ledger) => {
      await fed(ledger, five())
      const list = (filter: Parameters<Ledger['outcomes']>[0]) =>
        idsOf(ledger.outcomes(filter)).join()
      assert.equal(list({ queue: 'x' }), 'd,c,a')
      assert.equal(list({ queue: 'none' }), '')
      assert.equal(list({ code: 'ok' }), 'a,late')
      assert.equal(list({ code: 'failed' }), 'd,c,b')
      assert.equal(list({ code: 'lost' }), 'b')
      assert.equal(list({ queue: 'x', code: 'failed' }), 'd,c')
      assert.equal(list({ queue: 'x', code: 'NotAnImage' }), 'd')
      assert.equal(list({ queue: 'y', code: 'ok' }), 'late')
      assert.equal(list({ finishedSinceMs: t0 + 2 }), 'd,c,b')
      assert.equal(list({ finishedBeforeMs: t0 + 2 }), 'a,late')
      assert.equal(list({ finishedSinceMs: t0 + 1, finishedBeforeMs: t0 + 4 }), 'c,b,a')
      assert.equal(list({ queue: 'x', code: 'failed', finishedBeforeMs: t0 + 4 }), 'c')
      assert.equal(
        list({ finishedSinceMs: -Infinity, finishedBeforeMs: Infinity, limit: 2 }),
        'd,c',
      )
      assert.equal(list({ limit: 0 }), '')
    },
  },

  {
    title: 'pages that follow each other hold every outcome once',
    run: async (ledger) => {
      await fed(ledger, five())
      for (const filter of [
        {},
        { queue: 'x' },
        { code: 'failed' },
        { queue: 'x', code: 'failed' },
      ]) {
        const whole = idsOf(ledger.outcomes(filter))
        const paged: string[] = []
        for (;;) {
          const after = paged.at(-1)
          const page = ledger.outcomes({ ...filter, limit: 1, ...(after && { after }) })
          if (page.length === 0) break
          paged.push(...idsOf(page))
        }
        assert.deepEqual(paged, whole)
      }
    },
  },

  {
    title: 'outcomes of a hundred queues are listed by code as those of one are',
    run: async (ledger) => {
      const feed = new LedgerFeed()
      const code = (n: number) => (n % 3 === 0 ? 'lost' : n % 3 === 1 ? 'ok' : 'thrown')
      for (let n = 0; n < 900; n++)
        feed.outcome(
          outcomeOf(`${n}`, { queue: `q${n % 100}`, code: code(n), finishedAtMs: t0 + n }),
        )
      await fed(ledger, feed)
      const list = (filter: Parameters<Ledger['outcomes']>[0]) => idsOf(ledger.outcomes(filter))
      assert.deepEqual(list({ code: 'lost', limit: 3 }), ['897', '894', '891'])
      assert.deepEqual(list({ code: 'failed', limit: 3 }), ['899', '897', '896'])
      assert.deepEqual(list({ code: 'ok', after: '450', limit: 2 }), ['448', '445'])
      assert.equal(list({ code: 'failed', limit: Infinity }).length, 600)
      assert.deepEqual(list({ code: 'lost', finishedBeforeMs: t0 + 4 }), ['3', '0'])
    },
  },
  {
    title: 'a page is a hundred rows unless told otherwise',
    run: async (ledger) => {
      const feed = new LedgerFeed()
      for (let n = 0; n < 120; n++) feed.dead(`id${n}`)
      await fed(ledger, feed)
      assert.equal(ledger.outcomes({}).length, 100)
      assert.equal(ledger.outcomes({ limit: Infinity }).length, 120)
      assert.equal(ledger.deadLetters({}).length, 100)
      assert.equal(ledger.deadLetters({ limit: 110 }).length, 110)
    },
  },

  {
    title: 'a page after an id never seen, or with an odd limit or time, is refused',
    run: async (ledger) => {
      await fed(ledger, five())
      const bad = (e: unknown) => e instanceof HomingError && e.code === 'bad-argument'
      assert.throws(() => ledger.outcomes({ after: 'nobody' }), bad)
      assert.throws(() => ledger.deadLetters({ after: 'nobody' }), bad)
      assert.throws(() => ledger.outcomes({ limit: -1 }), bad)
      assert.throws(() => ledger.outcomes({ limit: 1.5 }), bad)
      assert.throws(() => ledger.deadLetters({ limit: Number.NaN }), bad)
      assert.throws(() => ledger.outcomes({ finishedSinceMs: Number.NaN }), bad)
    },
  },
]
