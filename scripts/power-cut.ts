/*
 * A campaign of power cuts on a real file system (test/faults/power-cut.ts). As root:
 *
 *   node scripts/power-cut.ts                     20 rounds, each on what the one before left
 *   node scripts/power-cut.ts --rounds 200        more of them
 *   node scripts/power-cut.ts --without-syncs     the negative control: it must lose something
 *   node scripts/power-cut.ts --serve --seed 1    `homing serve` and AMQP clients instead of the library
 *
 * Says what each round promised and what of it was kept; the exit code is 1 when a promise was broken,
 * or, without syncs, when none was.
 */

import { parseArgs } from 'node:util'
import { servePowerCuts } from '../test/amqp/crash/serve-power-cut.ts'
import { lacking } from '../test/faults/machine.ts'
import { brokenWithoutSyncs, PowerCutDisk } from '../test/faults/power-cut.ts'

const { values } = parseArgs({
  options: {
    rounds: { type: 'string', default: '20' },
    'without-syncs': { type: 'boolean', default: false },
    serve: { type: 'boolean', default: false },
    seed: { type: 'string', default: '1' },
  },
})
const rounds = Number(values.rounds)
const finalsMax = 2_000

const missing = lacking('root', 'mount', 'loop', 'eatmydata')
if (missing) {
  console.error(`power cut: ${missing}`)
  process.exitCode = 1
} else if (values.serve) {
  process.exitCode = (await serveCampaign()) ? 0 : 1
} else if (values['without-syncs']) {
  const lost = await brokenWithoutSyncs(rounds, 300)
  console.log(
    lost ? 'without syncs promises broke, as they must' : 'nothing was lost: the check is blind',
  )
  process.exitCode = lost ? 0 : 1
} else {
  process.exitCode = (await campaign()) ? 0 : 1
}

/** Ten cuts on one disk, then another disk. */
async function serveCampaign(): Promise<boolean> {
  for (let seed = Number(values.seed), left = rounds; left > 0; seed++, left -= 10) {
    const { text, ...figures } = await servePowerCuts({ rounds: Math.min(left, 10), seed })
    console.log(`seed ${seed}: ${JSON.stringify(figures)}`)
    if (figures.broken === 0) continue
    console.log(text)
    return false
  }
  return true
}

async function campaign(): Promise<boolean> {
  using disk = new PowerCutDisk()
  for (let round = 1; round <= rounds; round++) {
    const finals = 1 + Math.floor(Math.random() ** 3 * finalsMax)
    const engine = { segmentBytes: 65_536, checkpointBytes: 200_000 }
    const { confirmed, final, broken } = await disk.round({ finals, engine })
    console.log(`round ${round}: ${confirmed} confirmed, ${final} final, ${broken.length} broken`)
    for (const promise of broken.slice(0, 10)) console.log(`  ${promise}`)
    if (broken.length > 0) return false
  }
  return true
}
