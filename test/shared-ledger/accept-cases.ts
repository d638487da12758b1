import assert from 'node:assert/strict'
import { setTimeout as sleep } from 'node:timers/promises'
import {
  acceptanceOf,
  accepted,
  codeOf,
  type LedgerCase,
  outcomeOf,
  stateOf,
} from './ledger-under-test.ts'

/** A claim that a loaded machine does not outlast between two calls. */
const longEnoughMs = 1_500

export const acceptCases: readonly LedgerCase[] = [
  {
    title: 'an empty ledger knows nothing',
    run: async (ledger) => {
      assert.deepEqual(await ledger.lookUp(['a', 'b']), [
        { state: 'unknown' },
        { state: 'unknown' },
      ])
      assert.deepEqual(await ledger.lookUp([]), [])
      assert.deepEqual(await ledger.accept([]), [])
      assert.deepEqual(await ledger.end([]), [])
      assert.deepEqual(await ledger.unsent(), [])
      assert.deepEqual(await ledger.unpublished(), [])
      assert.deepEqual(await ledger.outcomes({}), [])
      assert.deepEqual(await ledger.deadLetters({}), [])
      assert.equal((await ledger.counts()).size, 0)
      assert.equal(await ledger.forget(), 0)
      assert.equal(await ledger.dropDeadLetters({}), 0)
      await ledger.confirmed([])
      await ledger.confirmed(['nobody'])
      await ledger.withdraw(['nobody'])
      await ledger.sent([{ id: 'nobody', queue: 'none' }])
      assert.equal(await stateOf(ledger, 'nobody'), 'unknown')
    },
  },

  {
    title: 'who claims an id first publishes it, and once it is confirmed it is known to all',
    run: async (ledger, another) => {
      const other = await another()
      const message = acceptanceOf('a', { callbacks: [{ name: 'home', context: '{"n":1}' }] })
      assert.deepEqual(await ledger.accept([message]), [{ state: 'yours' }])
      const [claim] = await other.accept([message])
      assert.equal(claim?.state, 'taken')
      assert.ok(claim.retryInMs > 0 && claim.retryInMs <= other.claimMs, `${claim.retryInMs}`)
      assert.deepEqual((await other.lookUp(['a']))[0], {
        state: 'pending',
        queue: 'work',
        acceptedAtMs: message.acceptedAtMs,
        deadlineAtMs: Number.POSITIVE_INFINITY,
        callbacks: message.callbacks,
        confirmed: false,
      })
      await ledger.confirmed(['a'])
      assert.deepEqual(await other.accept([message]), [{ state: 'known' }])
      assert.deepEqual(await ledger.accept([message]), [{ state: 'known' }])
      const [entry] = await other.lookUp(['a'])
      assert.equal(entry?.state === 'pending' && entry.confirmed, true)
    },
  },

  {
    title: 'one id twice in one call is claimed once',
    run: async (ledger) => {
      const states = (await ledger.accept(['a', 'b', 'a'].map((id) => acceptanceOf(id)))).map(
        ({ state }) => state,
      )
      assert.deepEqual(states, ['yours', 'yours', 'taken'])
      const known = await ledger.accept(
        ['c', 'c'].map((id) => acceptanceOf(id, { confirmed: true })),
      )
      assert.deepEqual(known, [{ state: 'yours' }, { state: 'known' }])
    },
  },

  {
    title: 'a claim whose owner died before the confirm passes to the next who asks',
    options: { claimMs: longEnoughMs },
    run: async (ledger, another) => {
      const dying = await another()
      await dying.accept([acceptanceOf('a')])
      await dying.close()
      assert.equal((await ledger.accept([acceptanceOf('a')]))[0]?.state, 'taken')
      await sleep(longEnoughMs + 50)
      assert.equal(await stateOf(ledger, 'a'), 'unknown')
      assert.deepEqual(await ledger.accept([acceptanceOf('a', { queue: 'other' })]), [
        { state: 'yours' },
      ])
      await ledger.confirmed(['a'])
      const [entry] = await ledger.lookUp(['a'])
      assert.equal(entry?.state === 'pending' && entry.queue, 'other')
    },
  },

  {
    title: 'what the broker refused is unknown again, and can be sent again',
    run: async (ledger, another) => {
      const other = await another()
      await ledger.accept(['a', 'b'].map((id) => acceptanceOf(id)))
      await ledger.confirmed(['b'])
      await other.withdraw(['a'])
      assert.equal(await stateOf(ledger, 'a'), 'pending')
      await ledger.withdraw(['a', 'b', 'nobody'])
      assert.equal(await stateOf(ledger, 'a'), 'unknown')
      assert.equal(await stateOf(ledger, 'b'), 'pending')
      assert.deepEqual(await other.accept([acceptanceOf('a')]), [{ state: 'yours' }])
    },
  },

  {
    title: 'a message that is confirmed already is accepted in one step, also after its outcome',
    run: async (ledger) => {
      await accepted(ledger, 'a')
      assert.deepEqual(await ledger.accept([acceptanceOf('a')]), [{ state: 'known' }])
      await ledger.end([{ outcome: outcomeOf('b') }])
      await accepted(ledger, 'b')
      assert.equal(await codeOf(ledger, 'b'), 'ok')
      await ledger.confirmed(['b'])
      await ledger.withdraw(['b'])
      assert.equal(await codeOf(ledger, 'b'), 'ok')
      assert.deepEqual(await ledger.accept([acceptanceOf('b')]), [{ state: 'known' }])
    },
  },

  {
    title: 'confirmed messages past their deadline are told, the oldest deadline first',
    run: async (ledger) => {
      const due = (id: string, deadlineAtMs: number, confirmed = true) =>
        acceptanceOf(id, { deadlineAtMs, confirmed, callbacks: [{ name: id }] })
      await ledger.accept([
        due('b', 2_000),
        due('a', 1_000),
        due('ended', 1_500),
        due('unconfirmed', 500, false),
        due('later', 9_000),
        acceptanceOf('never', { confirmed: true }),
      ])
      await ledger.end([{ outcome: outcomeOf('ended') }])
      const found = await ledger.overdue(5_000)
      assert.deepEqual(
        found.map(({ id, deadlineAtMs, callbacks }) => [id, deadlineAtMs, callbacks[0]?.name]),
        [
          ['a', 1_000, 'a'],
          ['b', 2_000, 'b'],
        ],
      )
      assert.equal((await ledger.overdue(5_000, 1)).length, 1)
      assert.deepEqual(await ledger.overdue(1_000), [])
    },
  },

  {
    title: 'a thousand calls of one turn are each answered for themselves',
    run: async (ledger) => {
      const ids = Array.from({ length: 1_000 }, (_, n) => `m${n}`)
      const claims = await Promise.all(ids.map((id) => ledger.accept([acceptanceOf(id)])))
      assert.ok(claims.every(([claim]) => claim?.state === 'yours'))
      await Promise.all(ids.map((id) => ledger.confirmed([id])))
      const ended = await Promise.all(
        ids.map((id) => ledger.end([{ outcome: outcomeOf(id, { contentType: id }) }])),
      )
      for (const [at, [one]] of ended.entries())
        assert.equal(one?.state === 'final' && one.won && one.outcome.contentType, ids[at])
      const found = await Promise.all(ids.map((id) => ledger.lookUp([id])))
      for (const [at, [one]] of found.entries())
        assert.equal(one?.state === 'final' && one.outcome.contentType, ids[at])
    },
  },

  {
    title: 'what cannot be stored is refused by name and stops no other call',
    run: async (ledger) => {
      const bad = [
        ledger.accept([acceptanceOf('fine'), acceptanceOf('a\0b')]),
        ledger.accept([acceptanceOf('x', { queue: '\ud800' })]),
        ledger.accept([acceptanceOf('x', { deadlineAtMs: Number.NaN })]),
        ledger.end([{ outcome: outcomeOf('x', { contentType: 'a\0' }) }]),
        ledger.end([{ outcome: outcomeOf('x', { attempts: -1 }) }]),
        ledger.lookUp(['\0']),
        ledger.outcomes({ limit: -1 }),
        ledger.outcomes({ after: 'nobody' }),
        ledger.deadLetters({ after: 'nobody' }),
      ]
      const good = ledger.end([{ outcome: outcomeOf('good') }])
      for (const [at, result] of (await Promise.allSettled(bad)).entries()) {
        assert.equal(result.status, 'rejected', `call ${at}`)
        assert.equal(result.reason.code, 'bad-argument', `call ${at}: ${result.reason.message}`)
      }
      assert.equal((await good)[0]?.state, 'final')
      assert.equal(await stateOf(ledger, 'fine'), 'unknown')
      assert.equal(await stateOf(ledger, 'x'), 'unknown')
    },
  },

  {
    title: 'a closed ledger says so, and closing ends what is under way',
    run: async (ledger) => {
      const under = ledger.end([{ outcome: outcomeOf('a') }])
      await Promise.all([ledger.close(), ledger.close()])
      assert.equal((await under)[0]?.state, 'final')
      await assert.rejects(ledger.lookUp(['a']), { code: 'closed' })
      await assert.rejects(ledger.end([{ outcome: outcomeOf('b') }]), { code: 'closed' })
      await ledger.close()
    },
  },
]
