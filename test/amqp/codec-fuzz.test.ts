import assert from 'node:assert/strict'
import { test } from 'node:test'
import { fuzzCodec } from './codec-fuzz.ts'

const inputs = 200_000

test('200,000 random and damaged inputs are read or refused, soon and without growth', {
  timeout: 180_000,
}, () => {
  const { failures, read, refused } = fuzzCodec(1, inputs)
  assert.deepEqual(failures, [])
  // Guards the generator: each way out is taken often.
  assert.ok(read > inputs / 50, `${read} were read`)
  for (const code of [501, 540]) assert.ok((refused[code] ?? 0) > inputs / 500, `${code}`)
})
