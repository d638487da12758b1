import assert from 'node:assert/strict'
import { Buffer } from 'node:buffer'
import { codeOf, fed, type LedgerCase, plain, t0 } from './ledger-case.ts'
import { LedgerFeed, outcomeOf } from './ledger-feed.ts'

export const findingCases: readonly LedgerCase[] = [
  {
    title: 'an empty ledger knows nothing and has stored nothing',
    run: async (ledger) => {
      assert.equal(ledger.openedAtLsn, 0)
      assert.equal(ledger.find('a'), undefined)
      assert.deepEqual(ledger.outcomes({}), [])
      assert.deepEqual(ledger.deadLetters({}), [])
      assert.equal(ledger.deadCounts().size, 0)
      assert.equal(ledger.outcomeCount(), 0)
      assert.equal(ledger.lagBytes(), 0)
      assert.equal(await ledger.flushed(), 0)
      assert.equal(await ledger.forget(t0), 0)
    },
  },

  {
    title: 'an outcome is found by its id with every field and every byte',
    run: async (ledger) => {
      const outcome = outcomeOf('photo:42/Ω\u0000"', {
        queue: 'größe',
        code: 'NotAnImage',
        contentType: 'application/x-odd',
        body: Buffer.from([0, 255, 1, 10]),
        attempts: 65_535,
        acceptedAtMs: t0 + 0.25,
        finishedAtMs: t0 + 1.5,
      })
      const empty = outcomeOf('empty', { body: new Uint8Array(0), attempts: 0 })
      await fed(ledger, new LedgerFeed().outcome(outcome).outcome(empty))
      assert.deepEqual(plain(ledger.find(outcome.id)), { state: 'final', outcome: plain(outcome) })
      assert.deepEqual(plain(ledger.find('empty')), { state: 'final', outcome: plain(empty) })
      assert.equal(ledger.find('photo:42'), undefined)
      assert.equal(ledger.outcomeCount(), 2)
    },
  },

  {
    title: 'the first outcome of an id stands, later ones change nothing',
    run: async (ledger) => {
      const feed = new LedgerFeed()
      await fed(ledger, feed.outcome(outcomeOf('a', { code: 'ok' })))
      await fed(ledger, feed.outcome(outcomeOf('a', { code: 'lost' })).outcome(outcomeOf('b')))
      const again = new LedgerFeed(10)
        .outcome(outcomeOf('c'))
        .outcome(outcomeOf('c', { code: 'x' }))
      await fed(ledger, again)
      assert.equal(codeOf(ledger, 'a'), 'ok')
      assert.equal(codeOf(ledger, 'c'), 'ok')
      assert.equal(ledger.outcomeCount(), 3)
    },
  },

  {
    title: 'what was fed before is skipped when it is fed again',
    run: async (ledger) => {
      const feed = new LedgerFeed().dead('a').dead('b').drop(['a']).outcome(outcomeOf('c'))
      const all = feed.take()
      ledger.feed(all)
      ledger.feed(all)
      await fed(ledger, feed.outcome(outcomeOf('d')))
      ledger.feed(all)
      await fed(ledger, feed.outcome(outcomeOf('e')))
      assert.equal(ledger.outcomeCount(), 5)
      assert.deepEqual([...ledger.deadCounts()], [['work', 1]])
      assert.deepEqual(
        ledger.deadLetters({}).map((dead) => dead.message.id),
        ['b'],
      )
    },
  },

  {
    title: 'the bytes fed may be overwritten as soon as feed returns',
    run: async (ledger) => {
      const feed = new LedgerFeed()
        .outcome(outcomeOf('a', { body: Buffer.from('value') }))
        .dead('b')
      const batch = feed.take()
      ledger.feed(batch)
      batch.events.fill(0)
      await fed(ledger, feed.outcome(outcomeOf('c')))
      const found = ledger.find('a')
      assert.equal(found?.state === 'final' && Buffer.from(found.outcome.body).toString(), 'value')
      assert.equal(
        Buffer.from(ledger.deadLetters({})[0]?.message.body ?? '').toString(),
        'body of b',
      )
    },
  },

  {
    title: 'a batch without events moves the stored position on',
    run: async (ledger) => {
      const feed = new LedgerFeed(500)
      await fed(ledger, feed)
      assert.equal(await ledger.flushed(), 499)
    },
  },

  {
    title: 'what was stored before anybody listened is known all the same',
    run: async (ledger) => {
      const feed = new LedgerFeed()
      await fed(ledger, feed.outcome(outcomeOf('a')).outcome(outcomeOf('b')))
      assert.equal(ledger.openedAtLsn, 0)
      assert.equal(ledger.appliedLsn, 2)
      await fed(ledger, feed.outcome(outcomeOf('c')))
      assert.equal(ledger.appliedLsn, 3)
    },
  },

  {
    title: 'listeners hear of every stored position, never from inside feed',
    run: async (ledger) => {
      const heard: number[] = []
      let feeding = false
      ledger.onApplied((lsn) => {
        assert.equal(feeding, false)
        heard.push(lsn)
      })
      const feed = new LedgerFeed()
      for (const id of ['a', 'b', 'c']) {
        feeding = true
        ledger.feed(feed.outcome(outcomeOf(id)).take())
        feeding = false
      }
      await fed(ledger, feed.outcome(outcomeOf('d')))
      assert.equal(heard.at(-1), 4)
      assert.deepEqual(
        heard,
        heard.toSorted((a, b) => a - b),
      )
      assert.equal(ledger.lagBytes(), 0)
      assert.equal(await ledger.flushed(), 4)
    },
  },
]
