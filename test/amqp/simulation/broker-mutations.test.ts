import assert from 'node:assert/strict'
import { test } from 'node:test'
import { withPlanted } from '../../simulation/planting.ts'
import { brokerMutations, rough } from './broker-mutations.ts'
import { simulateBroker } from './broker-simulation.ts'
import { loadBroker } from './broker-system.ts'

const seedsMax = 200

for (const mutation of brokerMutations) {
  test(`a bug in the broker's text is caught: ${mutation.name}`, { timeout: 180_000 }, async () => {
    await withPlanted(mutation, async (sources) => {
      const system = await loadBroker(sources)
      const others = new Set<string>()
      for (let seed = 1; seed <= seedsMax; seed++) {
        const { violations, requestViolations, wrong } = await simulateBroker(
          seed,
          system,
          (plan) => rough(plan, mutation),
        )
        for (const { number } of [...violations, ...requestViolations]) {
          if (mutation.invariants.includes(number)) return
          others.add(`invariant ${number}`)
        }
        for (const error of wrong) others.add(String(error).slice(0, 100))
      }
      assert.fail(`not caught in ${seedsMax} seeds; others that broke: ${[...others].join(', ')}`)
    })
  })
}
