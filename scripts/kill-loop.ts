/*
 * kill -9 of a real process, for as long as you like.
 *
 *   node scripts/kill-loop.ts --kills 1000 --seed 1    prints what broke; exit code 1 if anything did
 */

import { parseArgs } from 'node:util'
import { killLoop } from '../test/crash/kill-loop.ts'

const killsPerRun = 40

const { values } = parseArgs({
  options: { kills: { type: 'string', default: '200' }, seed: { type: 'string', default: '1' } },
})

let failed = false
let left = Number(values.kills)
for (let seed = Number(values.seed); left > 0; seed++) {
  const result = await killLoop(Math.min(left, killsPerRun), seed)
  left -= killsPerRun
  const { killsOpening, killsWorking, events, violations, text } = result
  console.log(
    `seed ${seed}: ${killsOpening} kills while opening, ${killsWorking} while working, ${events.length} events, ${violations.length} violations`,
  )
  if (violations.length === 0) continue
  failed = true
  console.log(text)
}
process.exitCode = failed ? 1 : 0
