import assert from 'node:assert/strict'
import { test } from 'node:test'
import { killLoop } from './kill-loop.ts'

test('a process killed again and again, half of the times while it opens, keeps every promise', {
  timeout: 180_000,
}, async () => {
  const result = await killLoop(24, 1)
  assert.ok(result.killsOpening >= 8, `${result.killsOpening} kills while opening`)
  assert.ok(result.killsWorking >= 8, `${result.killsWorking} kills while working`)
  assert.ok(result.killsOpening + result.killsWorking >= 20)
  assert.ok(result.events.length > 500, `${result.events.length} events`)
  assert.equal(result.violations.length, 0, result.text)
})
