/*
 * What every shared ledger must do, as tests that are run against each of them.
 */

import { test } from 'node:test'
import type { SharedLedger } from '../../src/shared-ledger/shared-ledger.ts'
import type { SharedLedgerOptions } from '../../src/shared-ledger/shared-ledger-options.ts'
import { acceptCases } from './accept-cases.ts'
import { deadLetterCases } from './dead-letter-cases.ts'
import { endingCases } from './ending-cases.ts'
import { gatherCases } from './gather-cases.ts'

export interface SharedLedgerMaker {
  readonly name: string
  readonly skip?: string | false
  /** Titles of cases that mean nothing there. */
  readonly without?: readonly string[]
  /** Makes the place of an empty ledger; returns how to open it, as often as wanted. */
  place(): Promise<(options: SharedLedgerOptions) => Promise<SharedLedger>>
}

/** Everything is kept, whatever its time. */
const keepAll = { retainMs: 1e13, retainCount: 1e9 }

export function testSharedLedger(maker: SharedLedgerMaker): void {
  const cases = [...acceptCases, ...endingCases, ...deadLetterCases, ...gatherCases]
  for (const one of cases) {
    if (maker.without?.includes(one.title)) continue
    test(`${maker.name}: ${one.title}`, { skip: maker.skip ?? false }, async () => {
      const open = await maker.place()
      const options = { retention: keepAll, ...one.options }
      const opened: SharedLedger[] = []
      const another = async () => {
        const ledger = await open(options)
        opened.push(ledger)
        return ledger
      }
      try {
        await one.run(await another(), another)
      } finally {
        for (const ledger of opened) await ledger.close()
      }
    })
  }
}
