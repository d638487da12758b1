import assert from 'node:assert/strict'
import { test } from 'node:test'
import { testLedger } from '../embedded/ledger/ledger-conformance.ts'
import { LedgerFeed, outcomeOf } from '../embedded/ledger/ledger-feed.ts'
import { randomSource } from './random.ts'
import { SimulatedClock } from './simulated-clock.ts'
import { SimulatedLedger } from './simulated-ledger.ts'

testLedger({
  name: 'simulated ledger',
  open: async (retention) => new SimulatedLedger(randomSource(1), { retention }).open(),
})

const turn = () => new Promise((resolve) => setImmediate(resolve))

test('a power cut takes the last transactions whole, never what was flushed', async () => {
  const database = new SimulatedLedger(randomSource(7))
  const ledger = database.open()
  const feed = new LedgerFeed()
  for (const id of ['a', 'b', 'c', 'd']) {
    ledger.feed(feed.outcome(outcomeOf(id)).take())
    await turn()
    if (id === 'b') assert.equal(await ledger.flushed(), 2)
  }
  assert.deepEqual(database.survivableLsns(), [2, 3, 4])
  const seen = new Set<number>()
  for (let seed = 0; seed < 50; seed++) {
    const next = database.afterCrash(randomSource(seed), 'power').open()
    seen.add(next.openedAtLsn)
    assert.equal(next.outcomeCount(), next.openedAtLsn)
    assert.equal(next.find('d')?.state, next.openedAtLsn === 4 ? 'final' : undefined)
  }
  assert.deepEqual([...seen].sort(), [2, 3, 4])
})

test('a kill loses what was not committed, and a power cut after it may take more', async () => {
  const clock = new SimulatedClock()
  const database = new SimulatedLedger(randomSource(3), { clock })
  const ledger = database.open()
  const feed = new LedgerFeed()
  ledger.feed(feed.outcome(outcomeOf('a')).take())
  await clock.advance(100)
  ledger.feed(feed.outcome(outcomeOf('b')).take())
  assert.ok(ledger.lagBytes() > 0)
  const killed = database.afterCrash(randomSource(1), 'kill')
  assert.equal(killed.open().openedAtLsn, 1)
  assert.deepEqual(killed.survivableLsns(), [0, 1])
  await clock.advance(100)
  assert.equal(ledger.lagBytes(), 0)
  assert.equal(killed.open().openedAtLsn, 1)
})
