import assert from 'node:assert/strict'
import { test } from 'node:test'
import { SimulatedClock } from '../testing/simulated-clock.ts'
import { ScarceLog } from './scarce-log.ts'
import { logTo } from './server-log.ts'

test('who is refused over and over fills no log, and is counted', async () => {
  const clock = new SimulatedClock()
  const written: string[] = []
  const log = new ScarceLog(
    logTo((line) => written.push(line)),
    clock,
  )
  for (let n = 0; n < 500; n++) log.warn({ n }, 'refused')
  assert.equal(written.length, 20)
  await clock.advance(1_000)
  log.warn({}, 'refused again')
  assert.equal(written.length, 22)
  assert.match(written[20] ?? '', /more was refused than is told lines=480/)
})
