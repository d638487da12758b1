import assert from 'node:assert/strict'
import { test } from 'node:test'
import { loadSystem } from './load-system.ts'
import { simulate } from './simulation.ts'

const system = await loadSystem()

test('one seed makes the same history again', async () => {
  const [one, two] = [await simulate(7, system), await simulate(7, system)]
  assert.ok(one.events.length > 100)
  assert.deepEqual(one.events, two.events)
})

test('in every run there are restarts, new segments and checkpoints', async () => {
  let lives = 0
  const deepest = { journal: 0, checkpoint: 0 }
  for (let seed = 1; seed <= 30; seed++) {
    const { events, files } = await simulate(seed, system)
    lives += events.filter((event) => event.kind === 'opened').length
    for (const name of files) {
      const [, kind, number] = /^(journal|checkpoint)-(\d+)/.exec(name) ?? []
      if (kind !== 'journal' && kind !== 'checkpoint') continue
      deepest[kind] = Math.max(deepest[kind], Number(number))
    }
  }
  assert.ok(lives > 30, `${lives} lives`)
  assert.ok(deepest.journal > 20, `${deepest.journal} segments`)
  assert.ok(deepest.checkpoint > 5, `${deepest.checkpoint} checkpoints`)
})
