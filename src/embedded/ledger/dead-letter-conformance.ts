import assert from 'node:assert/strict'
import { Buffer } from 'node:buffer'
import type { Ledger } from './ledger.ts'
import { codeOf, fed, type LedgerCase, plain, t0 } from './ledger-case.ts'
import { LedgerFeed, outcomeOf } from './ledger-feed.ts'

export const deadLetterCases: readonly LedgerCase[] = [
  {
    title: 'a dead letter keeps the whole message',
    run: async (ledger) => {
      const message = {
        id: 'x',
        idChosen: true,
        exchange: 'topics',
        routingKey: 'a.b',
        contentType: 'text/odd',
        body: Buffer.from([1, 2, 0]),
        priority: 255,
        deadlineAtMs: Number.POSITIVE_INFINITY,
        availableAtMs: t0 + 5,
        timeoutMs: 1_500,
        attemptsMax: 10_000,
        meta: {
          headers: { __proto__x: 'ü', a: '' },
          key: 'k',
          callbacks: [{ name: 'home', context: '{"n":1}' }, { name: 'b' }],
          parentId: 'p',
          replayOf: 'r',
          ttlMs: 9,
          backoff: { baseMs: 1, factor: 2, maxMs: 3, jitter: true },
        },
      }
      const outcome = outcomeOf('x', { code: 'thrown', body: Buffer.from('{"name":"E"}') })
      await fed(ledger, new LedgerFeed().dead('x', { outcome, message }))
      assert.deepEqual(plain(ledger.deadLetters({})), [
        plain({
          message,
          queue: outcome.queue,
          reason: 'thrown',
          errorContentType: outcome.contentType,
          error: outcome.body,
          attempts: outcome.attempts,
          acceptedAtMs: outcome.acceptedAtMs,
          diedAtMs: outcome.finishedAtMs,
        }),
      ])
    },
  },

  {
    title: 'dead letters are counted, listed by queue and ids, and paged',
    run: async (ledger) => {
      const feed = new LedgerFeed()
      for (const id of ['a', 'b', 'c']) feed.dead(id)
      await fed(
        ledger,
        feed.dead('o', { outcome: outcomeOf('o', { queue: 'other', code: 'lost' }) }),
      )
      const list = (filter: Parameters<Ledger['deadLetters']>[0]) =>
        ledger.deadLetters(filter).map((dead) => dead.message.id)
      assert.deepEqual(list({}), ['o', 'c', 'b', 'a'])
      assert.deepEqual(list({ queue: 'work' }), ['c', 'b', 'a'])
      assert.deepEqual(list({ ids: ['a', 'c', 'nobody', 'a'] }), ['c', 'a'])
      assert.deepEqual(list({ ids: ['a', 'o'], queue: 'other' }), ['o'])
      assert.deepEqual(list({ ids: [] }), [])
      assert.deepEqual(list({ limit: 2 }), ['o', 'c'])
      assert.deepEqual(list({ limit: 2, after: 'c' }), ['b', 'a'])
      assert.deepEqual(list({ queue: 'work', after: 'o', limit: 1 }), ['c'])
      assert.deepEqual(new Map(ledger.deadCounts()), new Map(Object.entries({ work: 3, other: 1 })))
    },
  },

  {
    title: 'a dropped dead letter is gone, its outcome stays',
    run: async (ledger) => {
      const feed = new LedgerFeed().dead('a').dead('b').dead('c')
      await fed(ledger, feed)
      await fed(ledger, feed.drop(['a', 'b', 'nobody']))
      await fed(ledger, feed.drop(['a']))
      assert.deepEqual(
        ledger.deadLetters({}).map((dead) => dead.message.id),
        ['c'],
      )
      assert.deepEqual([...ledger.deadCounts()], [['work', 1]])
      assert.equal(codeOf(ledger, 'a'), 'lost')
      assert.deepEqual(ledger.deadLetters({ after: 'b' }), [])
      await fed(ledger, feed.drop(['c']))
      assert.equal(ledger.deadCounts().size, 0)
    },
  },

  {
    title: 'a dead letter whose id was answered before is still kept',
    run: async (ledger) => {
      await fed(ledger, new LedgerFeed().outcome(outcomeOf('a')).dead('a'))
      assert.equal(codeOf(ledger, 'a'), 'ok')
      assert.equal(ledger.deadLetters({}).length, 1)
    },
  },

  {
    title: 'a message of which nothing but its outcome was fed is no dead letter',
    run: async (ledger) => {
      await fed(ledger, new LedgerFeed().outcome(outcomeOf('a', { code: 'lost' })))
      assert.deepEqual(ledger.deadLetters({}), [])
    },
  },
]
