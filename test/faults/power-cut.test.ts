import assert from 'node:assert/strict'
import { test } from 'node:test'
import { lacking } from './machine.ts'
import { brokenWithoutSyncs, PowerCutDisk } from './power-cut.ts'

test('what was confirmed, and every outcome that was shown, is there after the power was cut, again and again', {
  skip: lacking('root', 'mount', 'loop'),
}, async () => {
  using disk = new PowerCutDisk()
  for (const finals of [50, 400, 5]) {
    const { confirmed, final, broken } = await disk.round({
      finals,
      engine: { segmentBytes: 65_536, checkpointBytes: 100_000 },
    })
    assert.deepEqual(broken, [])
    assert.ok(confirmed >= final && final >= finals)
  }
})

test('the same power cut under syncs that do nothing loses what was promised', {
  skip: lacking('root', 'mount', 'loop', 'eatmydata'),
}, async () => {
  assert.ok(await brokenWithoutSyncs(5, 300), 'five power cuts without syncs lost nothing')
})
