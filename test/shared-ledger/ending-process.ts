/*
 * A process that ends messages, run by tests beside others of its kind on one ledger.
 *
 *   node ending-process.ts LEDGER CODE IDS CALLS-AT-ONCE
 *
 * It writes a line for each answer: the id, whether it won, the code that stands. The line is written
 * after the answer, so whoever kills it knows what it was promised.
 */

import { openSharedLedger } from '../../src/shared-ledger/open-shared-ledger.ts'
import { outcomeOf } from './ledger-under-test.ts'

const [where = '', code = '', ids = '0', atOnce = '1'] = process.argv.slice(2)

await using ledger = await openSharedLedger(where)
process.stdout.write('ready\n')
await new Promise((resume) => process.stdin.once('data', resume))
process.stdin.destroy()

// Every other process begins at the other end: no one of them is first everywhere.
const stretch = Number(ids)
const isOpposite = /[13579]$/.test(code)
const order = Array.from({ length: Number(ids) }, (_, n) => {
  const from = n - (n % stretch)
  return isOpposite ? from + Math.min(stretch, Number(ids) - from) - 1 - (n % stretch) : n
})

for (let n = 0; n < order.length; n += Number(atOnce)) {
  const calls = order.slice(n, n + Number(atOnce)).map(async (number) => {
    const id = `m${number}`
    const [ended] = await ledger.end([{ outcome: outcomeOf(id, { code }) }])
    if (ended?.state === 'final') process.stdout.write(`${id} ${ended.won} ${ended.outcome.code}\n`)
  })
  await Promise.all(calls)
}
