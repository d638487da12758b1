/*
 * Runs the simulation of the broker, one seed or a campaign of many.
 *
 *   node scripts/simulate-broker.ts --seed 123                one seed; prints what broke, exit code 1
 *   node scripts/simulate-broker.ts --seed 123 --history      and everything that happened in it
 *   node scripts/simulate-broker.ts --from 1 --seeds 100000   a campaign; goes on after a failure
 */

import { parseArgs } from 'node:util'
import { brokerLine } from '../test/amqp/simulation/broker-checker.ts'
import { brokerComplaint, simulateBroker } from '../test/amqp/simulation/broker-simulation.ts'
import { loadBroker } from '../test/amqp/simulation/broker-system.ts'

const { values } = parseArgs({
  options: {
    seed: { type: 'string' },
    from: { type: 'string', default: '1' },
    seeds: { type: 'string', default: '1000' },
    history: { type: 'boolean', default: false },
    sources: { type: 'string' },
    stop: { type: 'string', default: '20' },
  },
})

const system = await loadBroker(values.sources)
const first = Number(values.seed ?? values.from)
const count = values.seed === undefined ? Number(values.seeds) : 1
const startedAtMs = performance.now()
const totals = { seeds: 0, failed: 0, events: 0, published: 0, delivered: 0, lives: 0, pictures: 0 }

for (let seed = first; seed < first + count && totals.failed < Number(values.stop); seed++) {
  const result = await simulateBroker(seed, system)
  if (values.history) for (const event of result.events) console.log(brokerLine(event))
  totals.seeds++
  totals.events += result.events.length
  for (const { kind } of result.events) {
    if (kind === 'published') totals.published++
    else if (kind === 'delivered') totals.delivered++
    else if (kind === 'opened') totals.lives++
    else if (kind === 'drained') totals.pictures++
  }
  const complains = brokerComplaint(result)
  if (complains !== undefined) {
    totals.failed++
    console.log(`${complains}\n`)
  }
  if (totals.seeds % 1_000 === 0) console.log(figures())
}

console.log(figures())
process.exitCode = totals.failed > 0 ? 1 : 0

function figures(): string {
  const ms = (performance.now() - startedAtMs) / totals.seeds
  const { seeds, failed, published, delivered, lives, pictures } = totals
  return `${seeds} seeds, ${failed} failed: ${lives} lives, ${published} published, ${delivered} delivered, ${pictures} disks looked at, ${ms.toFixed(0)} ms a seed`
}
