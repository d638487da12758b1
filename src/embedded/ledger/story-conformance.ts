import assert from 'node:assert/strict'
import { Buffer } from 'node:buffer'
import type { AttemptRecord } from '../journal/attempt-record.ts'
import type { FinalStory } from '../journal/final-record.ts'
import { fed, idsOf, type LedgerCase, plain, t0 } from './ledger-case.ts'
import { LedgerFeed, outcomeOf } from './ledger-feed.ts'
import { noStory } from './ledger-story.ts'

const attemptOf = (id: string, number: number, more: Partial<AttemptRecord> = {}) => ({
  id,
  callback: '',
  number,
  end: 'failed' as const,
  deliveredAtMs: t0 + number,
  endedAtMs: t0 + number + 0.5,
  retryAtMs: t0 + 100,
  consumer: 'Ada\u001fconnection\u001fguest',
  code: 'thrown',
  error: Buffer.from(`{"message":"no ${number}"}`),
  ...more,
})

const storyOf = (more: Partial<FinalStory> = {}): FinalStory => ({
  attempt: { end: 'settled', deliveredAtMs: t0 + 3, consumer: Buffer.from('Bob') },
  parentId: undefined,
  replayOf: undefined,
  ...more,
})

const failed = (id: string, message: string, atMs: number, more: { queue?: string } = {}) =>
  outcomeOf(id, {
    code: 'thrown',
    body: Buffer.from(JSON.stringify({ message })),
    finishedAtMs: atMs,
    ...more,
  })

export const storyCases: readonly LedgerCase[] = [
  {
    title: 'attempts are kept in their order, before there is an outcome and after',
    run: async (ledger) => {
      const first = attemptOf('a', 1)
      const second = attemptOf('a', 2, { end: 'timed-out', code: '', error: Buffer.alloc(0) })
      const tried = attemptOf('a', 1, { callback: 'home' })
      const feed = new LedgerFeed().attempt(first).attempt(attemptOf('b', 1))
      await fed(ledger, feed)
      assert.deepEqual(plain(ledger.story('a').attempts), plain([first]))
      await fed(ledger, feed.attempt(second).told(outcomeOf('a'), storyOf()).attempt(tried))
      const { attempts, lastAttempt } = ledger.story('a')
      assert.deepEqual(plain(attempts), plain([first, second, tried]))
      assert.deepEqual(lastAttempt, { end: 'settled', deliveredAtMs: t0 + 3, consumer: 'Bob' })
      assert.deepEqual(ledger.story('nobody'), noStory)
    },
  },

  {
    title: 'parents, children and replays are found from both sides',
    run: async (ledger) => {
      const feed = new LedgerFeed()
        .told(outcomeOf('child 1', { finishedAtMs: t0 }), storyOf({ parentId: 'p' }))
        .told(outcomeOf('child 2', { finishedAtMs: t0 + 1 }), storyOf({ parentId: 'p' }))
        .told(outcomeOf('again 1'), storyOf({ replayOf: 'dead' }))
        .told(outcomeOf('again 2'), storyOf({ replayOf: 'dead' }))
      await fed(ledger, feed)
      assert.deepEqual(ledger.story('p').childIds, ['child 2', 'child 1'])
      assert.equal(ledger.story('child 1').parentId, 'p')
      assert.equal(ledger.story('dead').replayedAs, 'again 2')
      assert.equal(ledger.story('again 1').replayOf, 'dead')
    },
  },

  {
    title: 'attempts and relatives are forgotten with the outcome, and not kept for a forgotten id',
    retention: { retainMs: 1e12, retainCount: 1 },
    run: async (ledger) => {
      const feed = new LedgerFeed().attempt(attemptOf('a', 1))
      const parent = storyOf({ parentId: 'p' })
      await fed(ledger, feed.told(outcomeOf('a', { finishedAtMs: t0 }), parent))
      await fed(ledger, feed.outcome(outcomeOf('b', { finishedAtMs: t0 + 1 })))
      await ledger.forget(t0)
      await fed(ledger, feed.attempt(attemptOf('a', 2, { callback: 'home' })))
      assert.deepEqual(ledger.story('a'), noStory)
      assert.deepEqual(ledger.story('p').childIds, [])
    },
  },

  {
    title: 'failures are grouped by queue, code and message, the most frequent first',
    run: async (ledger) => {
      const feed = new LedgerFeed().outcome(outcomeOf('fine'))
      for (let n = 0; n < 5; n++) feed.outcome(failed(`x${n}`, 'x', t0 + n))
      for (let n = 0; n < 3; n++) feed.outcome(failed(`y${n}`, 'y', t0 + 10 + n))
      feed.outcome(failed('z', 'x', t0 + 20, { queue: 'other' }))
      feed.outcome(outcomeOf('lost', { code: 'lost', body: Buffer.from('{}'), finishedAtMs: t0 }))
      await fed(ledger, feed)
      const found = ledger.failures({})
      assert.deepEqual([found.examined, found.isComplete], [10, true])
      assert.deepEqual(
        found.groups.map((group) => [group.queue, group.code, group.message, group.count]),
        [
          ['work', 'thrown', 'x', 5],
          ['work', 'thrown', 'y', 3],
          ['other', 'thrown', 'x', 1],
          ['work', 'lost', '', 1],
        ],
      )
      const [first] = found.groups
      assert.deepEqual([first?.firstAtMs, first?.lastAtMs, first?.lastId], [t0, t0 + 4, 'x4'])
      const some = ledger.failures({
        queue: 'work',
        finishedSinceMs: t0 + 3,
        finishedBeforeMs: t0 + 12,
      })
      assert.deepEqual(
        some.groups.map(({ message, count }) => [message, count]),
        [
          ['y', 2],
          ['x', 2],
        ],
      )
      assert.deepEqual(ledger.failures({ queue: 'none' }).groups, [])
    },
  },

  {
    title: 'of very many failures the newest are looked at, and it is told that there are more',
    run: async (ledger) => {
      const feed = new LedgerFeed()
      for (let n = 0; n < 10_001; n++) feed.outcome(failed(`x${n}`, n === 0 ? 'old' : 'x', t0 + n))
      await fed(ledger, feed)
      for (const range of [{}, { queue: 'work' }]) {
        const { groups, examined, isComplete } = ledger.failures(range)
        assert.deepEqual([examined, isComplete], [10_000, false])
        assert.deepEqual(
          groups.map(({ message }) => message),
          ['x'],
        )
      }
    },
  },

  {
    title: 'outcomes are found by how their ids begin, page by page, whatever else is asked for',
    run: async (ledger) => {
      const feed = new LedgerFeed()
      for (const id of ['order:1', 'order:2', 'order:3', 'orders', 'other', 'ordeR:4'])
        feed.outcome(outcomeOf(id))
      feed.outcome(failed('order:0', 'x', t0))
      await fed(ledger, feed)
      const search = (more: object = {}) => ledger.search({ idPrefix: 'order:', ...more })
      assert.deepEqual(idsOf(search().outcomes), ['order:0', 'order:1', 'order:2', 'order:3'])
      assert.equal(search().next, undefined)
      const first = search({ limit: 3 })
      assert.equal(first.next, 'order:2')
      const second = search({ limit: 3, after: first.next })
      assert.deepEqual([idsOf(second.outcomes), second.next], [['order:3'], undefined])
      assert.deepEqual(idsOf(search({ code: 'failed' }).outcomes), ['order:0'])
      assert.deepEqual(idsOf(search({ queue: 'none' }).outcomes), [])
      assert.deepEqual(idsOf(search({ finishedSinceMs: t0 + 1 }).outcomes).length, 3)
      assert.deepEqual(ledger.search({ idPrefix: "'%" }).outcomes, [])
    },
  },

  {
    title: 'dead letters are found by reason, id and time',
    run: async (ledger) => {
      const feed = new LedgerFeed()
        .dead('a:1', { outcome: failed('a:1', 'x', t0) })
        .dead('a:2', { outcome: outcomeOf('a:2', { code: 'lost', finishedAtMs: t0 + 5 }) })
        .dead('b:1', { outcome: failed('b:1', 'x', t0 + 9) })
      await fed(ledger, feed)
      const found = (filter: object) => ledger.deadLetters(filter).map(({ message }) => message.id)
      assert.deepEqual(found({ reason: 'thrown' }), ['b:1', 'a:1'])
      assert.deepEqual(found({ idPrefix: 'a:' }), ['a:2', 'a:1'])
      assert.deepEqual(found({ diedSinceMs: t0 + 5, diedBeforeMs: t0 + 9 }), ['a:2'])
    },
  },
]
