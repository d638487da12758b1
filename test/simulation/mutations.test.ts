import assert from 'node:assert/strict'
import { test } from 'node:test'
import { loadSystem } from './load-system.ts'
import { type Mutation, mutations } from './mutations.ts'
import { withPlanted } from './planting.ts'
import { simulate } from './simulation.ts'

const seedsMax = 150

for (const mutation of mutations) {
  test(`a bug in the engine's text is caught: ${mutation.name}`, { timeout: 120_000 }, async () => {
    await withPlanted(mutation, (sources) => mustBeCaught(sources, mutation))
  })
}

async function mustBeCaught(copy: string, { invariants }: Mutation): Promise<void> {
  const system = await loadSystem(copy)
  const others = new Set<string>()
  for (let seed = 1; seed <= seedsMax; seed++) {
    const { violations, wrong } = await simulate(seed, system)
    if (violations.some(({ number }) => invariants.includes(number))) return
    for (const { number } of violations) others.add(`invariant ${number}`)
    for (const error of wrong) others.add(String(error).slice(0, 100))
  }
  assert.fail(`not caught in ${seedsMax} seeds; others that were broken: ${[...others].join(', ')}`)
}
