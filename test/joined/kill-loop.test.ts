import assert from 'node:assert/strict'
import { test } from 'node:test'
import { killLoop } from './kill-loop.ts'

test('three processes on one directory, killed again and again, keep every promise', {
  timeout: 240_000,
}, async () => {
  const plan = { processes: 3, kills: 8, seed: 1, betweenMsMax: 150 }
  const { violations, ownersKilled, joinersKilled, confirmed, called } = await killLoop(plan)
  assert.deepEqual(violations, [])
  assert.ok(ownersKilled >= 2, `${ownersKilled} owners killed`)
  assert.ok(ownersKilled + joinersKilled >= 5)
  assert.ok(confirmed >= 30 && called >= 10, `${confirmed} confirmed, ${called} called`)
})
