/*
 * The ledger in memory does all that the shared ones do, in one process. What the cases call another process
 * is the same ledger once more, whose closing closes nothing.
 */

import assert from 'node:assert/strict'
import { test } from 'node:test'
import { MemoryLedger } from '../../src/shared-ledger/memory/memory-ledger.ts'
import { openSharedLedger } from '../../src/shared-ledger/open-shared-ledger.ts'
import type { SharedLedger } from '../../src/shared-ledger/shared-ledger.ts'
import { sharedLedgerSettings } from '../../src/shared-ledger/shared-ledger-options.ts'
import { SqliteSharedLedger } from '../../src/shared-ledger/sqlite/sqlite-shared-ledger.ts'
import { type RandomSource, randomSource } from '../../src/testing/random.ts'
import {
  acceptanceOf,
  callbackOf,
  messageOf,
  outcomeOf,
  plain,
  stateOf,
  t0,
} from './ledger-under-test.ts'
import { testSharedLedger } from './shared-ledger-conformance.ts'

testSharedLedger({
  name: 'memory',
  // It is about a claim of another process, and there is none.
  without: ['what the broker refused is unknown again, and can be sent again'],
  place: async () => {
    let first: SharedLedger | undefined
    return async (options) => {
      if (first !== undefined) return onceMore(first)
      first = await openSharedLedger('memory:', options)
      return first
    }
  },
})

const keepAll = { retainMs: 1e13, retainCount: 1e9 }

function onceMore(ledger: SharedLedger): SharedLedger {
  return new Proxy(ledger, {
    get: (target, name) => {
      if (name === 'close') return () => Promise.resolve()
      const found: unknown = Reflect.get(target, name)
      return typeof found === 'function' ? found.bind(target) : found
    },
  })
}

type Call = (ledger: SharedLedger) => Promise<unknown>

/** One call on one of a few ids, so that they meet. */
function anyCall(random: RandomSource): Call {
  const id = `m${random.below(30)}`
  const atMs = t0 + random.below(40)
  const queue = random.pick(['work', 'rest'])
  const callbacks = random.chance(0.2) ? [{ name: 'home' }] : []
  const code = random.pick(['ok', 'ok', 'ok', 'thrown', 'expired'])
  const body = Buffer.from(`result ${random.below(1_000)}`)
  const outcome = outcomeOf(id, { queue, code, body, finishedAtMs: atMs, acceptedAtMs: atMs - 5 })
  const accepting = { queue, acceptedAtMs: atMs, deadlineAtMs: atMs + 5, callbacks }
  const replay = { deadId: id, message: messageOf(`new:${id}`, { routingKey: queue }) }
  const calls = {
    accept: (on) => on.accept([acceptanceOf(id, { ...accepting, confirmed: true })]),
    claim: (on) => on.accept([acceptanceOf(id, accepting)]),
    confirm: (on) => on.confirmed([id]),
    withdraw: (on) => on.withdraw([id]),
    lookUp: (on) => on.lookUp([id, `new:${id}`, 'nobody']),
    end: (on) => on.end([{ outcome }]),
    endTold: (on) => on.end([{ outcome, callbacks: [callbackOf(`${id}>home`)] }]),
    endDead: (on) => on.end([{ outcome, deadLetter: messageOf(id) }, { outcome }]),
    sent: (on) => on.sent([callbackOf(`${id}>home`)]),
    overdue: (on) => on.overdue(atMs, 5),
    outcomes: (on) => on.outcomes({ queue, limit: 7 }),
    dead: (on) => on.deadLetters({ queue, limit: 7 }),
    replay: (on) => on.takeDeadLetters([replay]),
    drop: (on) => on.dropDeadLetters({ ids: [id] }),
    gather: (on) =>
      on.gather({ id: `g${id}`, memberIds: [id, 'm1'], told: callbackOf(`told:${id}`) }),
    counts: async (on) => [...(await on.counts())].sort(),
    forget: (on) => on.forget(),
  } satisfies Record<string, Call>
  const name = random.weighted({
    ...{ accept: 8, claim: 6, confirm: 3, withdraw: 2, lookUp: 8, end: 10, endTold: 1, endDead: 1 },
    ...{ sent: 1, overdue: 6, replay: 0.5, drop: 0.5, gather: 0.5, counts: 0.3, forget: 0.1 },
    ...{ outcomes: 0.3, dead: 0.3 },
  })
  return calls[name]
}

/** What is told, or why it is refused; without what depends on the moment. */
async function toldBy(call: Call, ledger: SharedLedger): Promise<string> {
  const answer = await call(ledger).then(plain, (error: Error) => error.message)
  const isMoment = (name: string, value: unknown): boolean =>
    name === 'retryInMs' || (name === 'acceptedAtMs' && Number(value) > t0 + 1_000_000)
  return String(
    JSON.stringify(answer, (name, value) => (isMoment(name, value) ? 'a moment' : value)),
  )
}

test('memory: whatever is called, a ledger in memory and one in a file answer alike', async () => {
  for (const seed of [1, 2, 3, 4]) {
    const retention = seed % 2 === 0 ? { retainMs: 1e13, retainCount: 12 } : keepAll
    const settings = sharedLedgerSettings({ retention, claimMs: 60_000 })
    // So few that they leave all the time, or so many that none does by itself.
    await using ledger = new MemoryLedger(settings, seed % 2 === 0 ? 4 : 100)
    await using file = new SqliteSharedLedger(':memory:', settings)
    const random = randomSource(seed)
    for (let n = 0; n < 1_500; n++) {
      const call = anyCall(random)
      const [told, expected] = [await toldBy(call, ledger), await toldBy(call, file)]
      assert.equal(told, expected, `seed ${seed}, call ${n}`)
    }
  }
})

test('memory: what has left the newest ones is known all the same', async () => {
  await using ledger = new MemoryLedger(sharedLedgerSettings({}), 100)
  const ids = Array.from({ length: 5_000 }, (_, n) => `id-${n}`)
  for (const id of ids) await ledger.accept([acceptanceOf(id, { confirmed: true })])
  assert.equal(await stateOf(ledger, 'id-7'), 'pending')
  for (const id of ids) await ledger.end([{ outcome: outcomeOf(id) }])
  for (const id of ids) assert.equal(await stateOf(ledger, id), 'final')
  assert.equal(await stateOf(ledger, 'id-5000'), 'unknown')
})

test('memory: a result in the ledger does not change with the bytes that were given', async () => {
  await using ledger = new MemoryLedger(sharedLedgerSettings({}))
  const body = Buffer.from('before')
  await ledger.end([{ outcome: outcomeOf('a', { body }) }])
  body.write('behind')
  const [entry] = await ledger.lookUp(['a'])
  assert.equal(entry?.state === 'final' && Buffer.from(entry.outcome.body).toString(), 'before')
})

test('memory: once it is closed every call says so', async () => {
  const ledger = new MemoryLedger(sharedLedgerSettings({}))
  await ledger.close()
  await ledger.close()
  for (const call of [
    ledger.lookUp(['a']),
    ledger.end([{ outcome: outcomeOf('a') }]),
    ledger.counts(),
    ledger.overdue(t0),
  ]) {
    await assert.rejects(call, { code: 'closed' })
  }
})
