import assert from 'node:assert/strict'
import { cpSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { test } from 'node:test'
import { loadSystem, ownSources } from './load-system.ts'
import { type Mutation, mutations } from './mutations.ts'
import { simulate } from './simulation.ts'

const seedsMax = 150

for (const mutation of mutations) {
  test(`a bug in the engine's text is caught: ${mutation.name}`, { timeout: 120_000 }, async () => {
    const copy = mkdtempSync(join(tmpdir(), 'homing-mutation-'))
    try {
      plant(copy, mutation)
      await mustBeCaught(copy, mutation)
    } finally {
      rmSync(copy, { recursive: true, force: true })
    }
  })
}

function plant(copy: string, { file, find, replace }: Mutation): void {
  cpSync(ownSources, copy, { recursive: true })
  writeFileSync(join(copy, 'package.json'), '{ "type": "module" }')
  const path = join(copy, file)
  const text = readFileSync(path, 'utf8')
  const times = text.split(find).length - 1
  assert.equal(times, 1, `"${find}" stands ${times} times in ${file}: plant the bug anew`)
  writeFileSync(
    path,
    text.replace(find, () => replace),
  )
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
