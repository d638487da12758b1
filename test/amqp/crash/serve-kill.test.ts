import assert from 'node:assert/strict'
import { test } from 'node:test'
import { serveKillLoop } from './serve-kill.ts'

test('a served broker killed again and again, half of the times while it recovers, keeps its promises', {
  timeout: 180_000,
}, async () => {
  const result = await serveKillLoop(16, 3)
  assert.ok(result.killsRecovering >= 7, `${result.killsRecovering} kills while recovering`)
  assert.ok(result.killsServing >= 8, `${result.killsServing} kills while serving`)
  assert.ok(result.confirmed > 50 && result.delivered > 50, JSON.stringify(result))
  assert.equal(result.broken, 0, result.text)
})
