/*
 * kill -9 of `homing serve` under AMQP clients, for as long as you like.
 *
 *   node scripts/kill-serve.ts --kills 1000 --seed 1    prints what broke; exit code 1 if anything did
 */

import { parseArgs } from 'node:util'
import { serveKillLoop } from '../test/amqp/crash/serve-kill.ts'

const killsPerRun = 40

const { values } = parseArgs({
  options: { kills: { type: 'string', default: '200' }, seed: { type: 'string', default: '1' } },
})

let left = Number(values.kills)
for (let seed = Number(values.seed); left > 0; seed++) {
  const { text, ...figures } = await serveKillLoop(Math.min(left, killsPerRun), seed)
  left -= killsPerRun
  console.log(`seed ${seed}: ${JSON.stringify(figures)}`)
  if (figures.broken === 0) continue
  process.exitCode = 1
  console.log(text)
}
