import assert from 'node:assert/strict'
import { test } from 'node:test'
import { testLedger } from './ledger-conformance.ts'
import { LedgerFeed, outcomeOf } from './ledger-feed.ts'
import { openMemoryLedger } from './memory-ledger.ts'

testLedger({
  name: 'memory ledger',
  open: async (retention) => openMemoryLedger({ retention }),
})

test('a memory ledger opened again has the same state and goes its own way', () => {
  const ledger = openMemoryLedger({ retention: { retainMs: 1e12, retainCount: 2 } })
  const feed = new LedgerFeed().outcome(outcomeOf('a')).outcome(outcomeOf('b')).dead('c')
  ledger.feed(feed.take())
  const again = ledger.reopened()
  assert.equal(again.openedAtLsn, 3)
  ledger.feed(feed.drop(['c']).take())
  assert.deepEqual(again.find('a'), { state: 'forgotten' })
  assert.equal(again.deadLetters({}).length, 1)
  assert.equal(ledger.deadLetters({}).length, 0)
})
