import assert from 'node:assert/strict'
import { test } from 'node:test'
import { lacking } from '../../faults/machine.ts'
import { servePowerCuts } from './serve-power-cut.ts'

test('a served broker whose power is cut, again and again, keeps what it confirmed', {
  timeout: 120_000,
  skip: lacking('root', 'mount', 'loop'),
}, async () => {
  const { confirmed, broken, text } = await servePowerCuts({ rounds: 4, seed: 1 })
  assert.ok(confirmed > 20, `${confirmed} confirmed`)
  assert.equal(broken, 0, text)
})

test('the same under syncs that do nothing loses what was confirmed', {
  timeout: 120_000,
  skip: lacking('root', 'mount', 'loop', 'eatmydata'),
}, async () => {
  for (let seed = 1; seed <= 5; seed++) {
    // What of the directory itself never reached the disk may even keep it from starting.
    const lost = await servePowerCuts({ rounds: 1, seed, eatMyData: true }).then(
      ({ broken }) => broken > 0,
      () => true,
    )
    if (lost) return
  }
  assert.fail('five power cuts without syncs lost nothing')
})
