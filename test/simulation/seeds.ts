/*
 * The simulation in CI: two thousand seeds, in two files that run side by side. Replay a seed that
 * failed with `npm run simulate -- --seed N`; run a campaign with
 * `npm run simulate -- --from 1 --seeds 1000000`.
 */

import assert from 'node:assert/strict'
import { test } from 'node:test'
import { loadSystem } from './load-system.ts'
import { complaint, simulate } from './simulation.ts'

const seedsPerTest = 125

export async function testSeeds(from: number, to: number): Promise<void> {
  const system = await loadSystem()
  for (let first = from; first <= to; first += seedsPerTest) {
    const last = first + seedsPerTest - 1
    const title = `seeds ${first} to ${last}: whatever happens, every promise is kept`
    test(title, { timeout: 180_000 }, async () => {
      for (let seed = first; seed <= last; seed++) {
        const failed = complaint(await simulate(seed, system))
        if (failed !== undefined) assert.fail(failed)
      }
    })
  }
}
