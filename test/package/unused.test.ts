import assert from 'node:assert/strict'
import { test } from 'node:test'
import { tool } from './packed-project.ts'

test('no file, export or dependency of the repository is without a user', async () => {
  const ran = await tool('knip', ['--no-progress'])
  assert.equal(ran.code, 0, ran.output)
})
