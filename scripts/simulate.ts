/*
 * Runs the simulation, one seed or a campaign of many.
 *
 *   npm run simulate -- --seed 123                one seed; prints what broke, exit code 1 if anything did
 *   npm run simulate -- --seed 123 --history      and everything that happened in it
 *   npm run simulate -- --from 1 --seeds 1000000  a campaign; goes on after a failure, prints each
 */

import { parseArgs } from 'node:util'
import { line } from '../test/simulation/checker.ts'
import { loadSystem } from '../test/simulation/load-system.ts'
import { complaint, simulate } from '../test/simulation/simulation.ts'

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

const system = await loadSystem(values.sources)
const first = Number(values.seed ?? values.from)
const count = values.seed === undefined ? Number(values.seeds) : 1
const stopAfter = Number(values.stop)
const startedAtMs = performance.now()
let failed = 0

for (let seed = first; seed < first + count && failed < stopAfter; seed++) {
  const result = await simulate(seed, system)
  if (values.history) for (const event of result.events) console.log(line(event))
  const complains = complaint(result)
  if (complains !== undefined) {
    failed++
    console.log(`${complains}\n`)
  }
  if ((seed - first + 1) % 1_000 === 0) {
    const ms = (performance.now() - startedAtMs) / (seed - first + 1)
    console.log(`${seed - first + 1} seeds, ${failed} failed, ${ms.toFixed(1)} ms each`)
  }
}

console.log(`${failed} of ${count} seeds failed`)
process.exitCode = failed > 0 ? 1 : 0
