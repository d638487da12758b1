import assert from 'node:assert/strict'
import { test } from 'node:test'
import { loadSystem } from './load-system.ts'
import { plantedBugs } from './planted-bugs.ts'
import { simulate } from './simulation.ts'

const system = await loadSystem()
const seedsMax = 80

for (const { invariant, name, plant, plan } of plantedBugs) {
  test(`invariant ${invariant} catches: ${name}`, async () => {
    const others = new Set<number>()
    for (let seed = 1; seed <= seedsMax; seed++) {
      const { violations } = await simulate(seed, plant(system), (drawn) => ({ ...drawn, ...plan }))
      if (violations.some((violation) => violation.number === invariant)) return
      for (const violation of violations) others.add(violation.number)
    }
    assert.fail(`not caught in ${seedsMax} seeds; others that were broken: ${[...others]}`)
  })
}
