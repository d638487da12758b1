/*
 * The simulation of the broker in CI. Replay a seed that failed with
 * `node scripts/simulate-broker.ts --seed N`; run a campaign with `--from 1 --seeds 100000`.
 */

import assert from 'node:assert/strict'
import { test } from 'node:test'
import { brokerComplaint, simulateBroker } from './broker-simulation.ts'
import { loadBroker } from './broker-system.ts'

const system = await loadBroker()
const seedsPerTest = 50
const lastSeed = 250

for (let first = 1; first <= lastSeed; first += seedsPerTest) {
  const last = first + seedsPerTest - 1
  const title = `seeds ${first} to ${last}: whatever happens, AMQP clients get what they are promised`
  test(title, { timeout: 180_000 }, async () => {
    for (let seed = first; seed <= last; seed++) {
      const failed = brokerComplaint(await simulateBroker(seed, system))
      if (failed !== undefined) assert.fail(failed)
    }
  })
}

test('one seed makes the same history again', async () => {
  const [one, two] = [await simulateBroker(7, system), await simulateBroker(7, system)]
  assert.ok(one.events.length > 100)
  assert.deepEqual(one.events, two.events)
})
