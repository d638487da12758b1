/*
 * What every ledger must do, as tests that are run against each implementation.
 */

import { test } from 'node:test'
import { deadLetterCases } from './dead-letter-conformance.ts'
import { findingCases } from './finding-conformance.ts'
import type { Ledger, Retention } from './ledger.ts'
import { listingCases } from './listing-conformance.ts'
import { retentionCases } from './retention-conformance.ts'
import { storyCases } from './story-conformance.ts'

export interface LedgerMaker {
  readonly name: string
  open(retention: Retention): Promise<Ledger>
}

const keepAll: Retention = { retainMs: 1e12, retainCount: 1e9 }

/**
 * Registers the tests with `node:test`.
 *
 * @example
 * testLedger({ name: 'memory ledger', open: async (retention) => openMemoryLedger({ retention }) })
 */
export function testLedger(maker: LedgerMaker): void {
  for (const one of [
    ...findingCases,
    ...listingCases,
    ...deadLetterCases,
    ...retentionCases,
    ...storyCases,
  ])
    test(`${maker.name}: ${one.title}`, async () => {
      const ledger = await maker.open(one.retention ?? keepAll)
      try {
        await one.run(ledger)
      } finally {
        await ledger.close()
      }
    })
}
