/*
 * Scatter and gather: one question to many, and one answer made of all their answers.
 *
 * Twice: once awaited, and once brought to a durable callback. The second way survives a restart
 * between the question and the answers, for the counter of what is still missing is in the journal.
 *
 * Run it:  npx node examples/scatter-gather.ts [where]
 */

import assert from 'node:assert/strict'
import { randomUUID } from 'node:crypto'
import { setTimeout as sleep } from 'node:timers/promises'
import { z } from 'zod'
import { homing, type Outcome, queue } from '../src/index.ts'

const quote = queue('quote', {
  input: z.object({ supplier: z.string(), article: z.string() }),
  output: z.object({ supplier: z.string(), cents: z.int() }),
  errors: { DoesNotSell: z.object({ supplier: z.string() }) },
  within: '5s',
  retry: { attempts: 2, backoff: '10ms' },
})

await using home = await homing(process.argv[2] ?? './data/scatter-gather')

const prices: Readonly<Record<string, number>> = { ash: 5200, birch: 4800, cedar: 6100 }
home.consume(
  quote,
  async ({ input: { supplier }, attempt, fail }) => {
    if (supplier === 'birch' && attempt === 1) throw new Error('line busy') // tried again
    if (supplier === 'oak') throw fail('DoesNotSell', { supplier })
    await sleep(20)
    return { supplier, cents: prices[supplier] ?? 9900 }
  },
  { concurrency: 10 },
)

const questions = ['ash', 'birch', 'cedar', 'oak'].map((supplier) => ({
  supplier,
  article: 'table',
}))

// Awaited: all outcomes, in the order of the questions. One that fails does not hide the others.
const outcomes = await home.callAll(quote, questions)
console.log('awaited:', best(outcomes))

// Brought home: the callback is told once, when the last outcome is there.
const { promise: told, resolve: tell } = Promise.withResolvers<string>()
const onQuotes = home.callbackAll(
  'quotes.complete',
  quote,
  (outcomes, { context }) => {
    console.log(`for ${context.customer}:`, best(outcomes))
    if (context.run === run) tell(context.customer)
  },
  { context: z.object({ run: z.string(), customer: z.string() }) },
)
const run = randomUUID()
const receipts = await home.sendMany(quote, questions)
await home.gather(receipts, onQuotes.with({ run, customer: 'ann' }))
assert.equal(await told, 'ann')

function best(outcomes: readonly Outcome<typeof quote>[]): string {
  const offers = outcomes.flatMap((outcome) => (outcome.ok ? [outcome.value] : []))
  const cheapest = offers.toSorted((a, b) => a.cents - b.cents)[0]
  assert.equal(cheapest?.supplier, 'birch')
  return `${offers.length} of ${outcomes.length} sell it, ${cheapest.supplier} for ${cheapest.cents} cents`
}
