/*
 * A process that ends messages, run by tests beside others of its kind on one ledger.
 *
 *   node ending-process.ts LEDGER CODE IDS CALLS-AT-ONCE
 *
 * It writes a line for each answer: the id, whether it won, the code that stands. The line is written
 * after the answer, so whoever kills it knows what it was promised.
 */

import { writeSync } from 'node:fs'
import { openSharedLedger } from '../../src/shared-ledger/open-shared-ledger.ts'
import { outcomeOf } from './ledger-under-test.ts'

const [where = '', code = '', ids = '0', atOnce = '1'] = process.argv.slice(2)

await using ledger = await openSharedLedger(where)
writeSync(1, 'ready\n')
await new Promise((resume) => process.stdin.once('data', resume))
process.stdin.destroy()

for (let n = 0; n < Number(ids); n += Number(atOnce)) {
  const calls = Array.from({ length: Math.min(Number(atOnce), Number(ids) - n) }, async (_, k) => {
    const id = `m${n + k}`
    const [ended] = await ledger.end([{ outcome: outcomeOf(id, { code }) }])
    if (ended?.state === 'final') writeSync(1, `${id} ${ended.won} ${ended.outcome.code}\n`)
  })
  await Promise.all(calls)
}
