/*
 * kill -9 of processes that share one data directory without a server, for as long as you like.
 *
 *   node scripts/joined-kill-loop.ts --processes 5 --kills 100 --seed 1    exit code 1 if anything broke
 */

import { parseArgs } from 'node:util'
import { killLoop } from '../test/joined/kill-loop.ts'

const killsPerRun = 25

const { values } = parseArgs({
  options: {
    processes: { type: 'string', default: '5' },
    kills: { type: 'string', default: '100' },
    seed: { type: 'string', default: '1' },
    between: { type: 'string', default: '300' },
  },
})

let failed = false
const allGapsMs: number[] = []
let left = Number(values.kills)
for (let seed = Number(values.seed); left > 0; seed++) {
  const result = await killLoop({
    processes: Number(values.processes),
    kills: Math.min(left, killsPerRun),
    seed,
    betweenMsMax: Number(values.between),
  })
  left -= killsPerRun
  const { ownersKilled, joinersKilled, closed, confirmed, told, called, attempts } = result
  const gaps = result.gapsMs.toSorted((a, b) => a - b).map(Math.round)
  allGapsMs.push(...result.gapsMs)
  console.log(
    `seed ${seed}: ${ownersKilled} owners and ${joinersKilled} joiners killed, ${closed} closed; ${confirmed} confirmed, ${attempts} attempts, ${told} outcomes told, ${called} callbacks run; from an owner's death to the next confirm or outcome ${gaps[Math.floor(gaps.length / 2)]} ms (median), ${gaps.at(-1)} ms (longest); ${result.violations.length} violations`,
  )
  if (result.violations.length === 0) continue
  failed = true
  console.log(result.violations.slice(0, 50).join('\n'))
}
allGapsMs.sort((a, b) => a - b)
const [p50, p99] = [0.5, 0.99].map((share) => allGapsMs[Math.floor(allGapsMs.length * share)])
console.log(
  `from the death of ${allGapsMs.length} owners to the next confirm or outcome: p50 ${p50?.toFixed(0)} ms, p99 ${p99?.toFixed(0)} ms`,
)
process.exitCode = failed ? 1 : 0
