import assert from 'node:assert/strict'
import { Buffer } from 'node:buffer'
import { setTimeout as sleep } from 'node:timers/promises'
import type { SharedLedger } from '../../src/shared-ledger/shared-ledger.ts'
import {
  acceptanceOf,
  codeOf,
  idsOf,
  type LedgerCase,
  messageOf,
  outcomeOf,
  plain,
  stateOf,
  t0,
} from './ledger-under-test.ts'

const dead = (ledger: SharedLedger, ...ids: string[]) =>
  ledger.end(
    ids.map((id, n) => ({
      outcome: outcomeOf(id, { code: 'lost', finishedAtMs: t0 + n }),
      deadLetter: messageOf(id),
    })),
  )

const replayOf = (deadId: string, id: string) => ({
  deadId,
  message: messageOf(id, { meta: { replayOf: deadId, callbacks: [{ name: 'home' }] } }),
})

export const deadLetterCases: readonly LedgerCase[] = [
  {
    title: 'a dead letter keeps the whole message',
    run: async (ledger) => {
      const message = messageOf('x', {
        exchange: 'topics',
        routingKey: 'a.b',
        body: Buffer.from([1, 2, 0]),
        priority: 255,
        deadlineAtMs: Number.POSITIVE_INFINITY,
        availableAtMs: t0 + 5,
        attemptsMax: 10_000,
        meta: {
          headers: { __proto__x: 'ü', a: '', nul: '\0' },
          key: 'k',
          callbacks: [{ name: 'home', context: '{"n":1}' }, { name: 'b' }],
          parentId: 'p',
          ttlMs: 9,
          backoff: { baseMs: 1, factor: 2, maxMs: 3, jitter: true },
        },
        properties: Buffer.from([0, 9]),
      })
      const outcome = outcomeOf('x', { code: 'thrown', body: Buffer.from('{"name":"E"}') })
      await ledger.end([{ outcome, deadLetter: message }])
      assert.deepEqual(plain(await ledger.deadLetters({})), [
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
    title: 'dead letters are counted, listed by queue and ids, paged, and dropped',
    run: async (ledger) => {
      await dead(ledger, 'a', 'b', 'c')
      await ledger.end([
        {
          outcome: outcomeOf('o', { queue: 'other', code: 'lost', finishedAtMs: t0 + 9 }),
          deadLetter: messageOf('o'),
        },
      ])
      const list = async (filter: Parameters<typeof ledger.deadLetters>[0]) =>
        (await ledger.deadLetters(filter)).map(({ message }) => message.id)
      assert.deepEqual(await list({}), ['o', 'c', 'b', 'a'])
      assert.deepEqual(await list({ queue: 'work' }), ['c', 'b', 'a'])
      assert.deepEqual(await list({ ids: ['a', 'c', 'nobody', 'a'] }), ['c', 'a'])
      assert.deepEqual(await list({ ids: ['a', 'o'], queue: 'other' }), ['o'])
      assert.deepEqual(await list({ ids: [] }), [])
      assert.deepEqual(await list({ limit: 2 }), ['o', 'c'])
      assert.deepEqual(await list({ limit: 2, after: 'c' }), ['b', 'a'])
      assert.deepEqual((await ledger.counts()).get('work'), { pending: 0, dead: 3 })
      assert.equal(await ledger.dropDeadLetters({ ids: ['b', 'nobody'] }), 1)
      assert.deepEqual(await list({ after: 'b' }), ['a'])
      assert.equal(await codeOf(ledger, 'b'), 'lost')
      assert.equal(await ledger.dropDeadLetters({ queue: 'work', limit: 1 }), 1)
      assert.equal(await ledger.dropDeadLetters({}), 2)
      assert.equal((await ledger.counts()).size, 0)
    },
  },

  {
    title: 'a dead letter is replayed once, whoever asks, and however often',
    run: async (ledger, another) => {
      const other = await another()
      await dead(ledger, 'a', 'b')
      const parts = await Promise.all([
        ledger.takeDeadLetters([replayOf('a', 'a1'), replayOf('b', 'b1')]),
        other.takeDeadLetters([replayOf('b', 'b2'), replayOf('a', 'a2'), replayOf('x', 'x2')]),
      ])
      const taken = parts.flat()
      assert.equal(taken.length, 2)
      assert.deepEqual(taken.map((id) => id[0]).toSorted(), ['a', 'b'])
      assert.deepEqual(await ledger.takeDeadLetters([replayOf('a', 'a3')]), [])
      assert.deepEqual(await ledger.deadLetters({}), [])
      assert.equal(await codeOf(ledger, 'a'), 'lost')
      assert.deepEqual(await ledger.unpublished(), [])
      await Promise.all([ledger.confirmed(parts[0] as string[]), other.confirmed(parts[1])])
      for (const id of taken) assert.equal(await stateOf(ledger, id), 'pending')
    },
  },

  {
    title: 'a replay whose process died before it was published is published by another',
    options: { claimMs: 150 },
    run: async (ledger, another) => {
      const dying = await another()
      await dead(ledger, 'a')
      const replay = replayOf('a', 'a1')
      assert.deepEqual(await dying.takeDeadLetters([replay]), ['a1'])
      await dying.close()
      assert.deepEqual(await ledger.unpublished(), [])
      await sleep(200)
      assert.deepEqual(plain(await ledger.unpublished()), [plain(replay.message)])
      assert.deepEqual(await ledger.unpublished(), [])
      assert.equal((await ledger.accept([acceptanceOf('a1')]))[0]?.state, 'taken')
      await ledger.confirmed(['a1'])
      await sleep(200)
      assert.deepEqual(await ledger.unpublished(), [])
      const [entry] = await ledger.lookUp(['a1'])
      assert.deepEqual(entry?.state === 'pending' && entry.callbacks, [{ name: 'home' }])
      assert.deepEqual(idsOf(await ledger.overdue(t0 + 60_001)), ['a1'])
    },
  },

  {
    title: 'a replay that ended is published no more',
    options: { claimMs: 50 },
    run: async (ledger) => {
      await dead(ledger, 'a', 'b')
      await ledger.takeDeadLetters([replayOf('a', 'a1'), replayOf('b', 'b1')])
      await ledger.end([{ outcome: outcomeOf('a1') }])
      await ledger.withdraw(['b1'])
      await sleep(100)
      assert.deepEqual(await ledger.unpublished(), [])
      assert.equal(await stateOf(ledger, 'b1'), 'unknown')
    },
  },
]
