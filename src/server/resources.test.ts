import assert from 'node:assert/strict'
import { tmpdir } from 'node:os'
import { test } from 'node:test'
import { readResources } from './resources.ts'

const marks = { memoryBytesMax: 1_000, diskFreeBytesMin: 10 }

test('what the server uses of the machine is told, with how much it may', async () => {
  const used = await readResources(marks, tmpdir())
  assert.ok(used.memoryBytes > 1_000_000 && used.residentBytes > used.memoryBytes / 2)
  assert.ok((used.diskFreeBytes ?? 0) > 0)
  assert.deepEqual([used.memoryBytesMax, used.diskFreeBytesMin], [1_000, 10])
})

test('what cannot be asked is left open, and nothing fails', async () => {
  assert.equal((await readResources(marks, undefined)).diskFreeBytes, undefined)
  assert.equal((await readResources(marks, '/nowhere/at/all')).diskFreeBytes, undefined)
})
