import assert from 'node:assert/strict'
import { tmpdir } from 'node:os'
import { test } from 'node:test'
import { SimulatedClock } from '../testing/simulated-clock.ts'
import { Alarms, type Gauge } from './alarms.ts'
import { diskGauge, marksOf, memoryGauge } from './gauges.ts'
import { noLog } from './server-log.ts'

function watched(levels: { memory: number; disk: number }) {
  const clock = new SimulatedClock()
  const told: (string | undefined)[] = []
  let relieved = 0
  const gauge = (name: 'memory' | 'disk'): Gauge => ({
    name,
    reason: `low on ${name}`,
    read: () => levels[name],
    relieve: () => {
      relieved++
    },
  })
  const alarms = new Alarms({
    clock,
    log: noLog,
    gauges: [gauge('memory'), gauge('disk')],
    changed: (reason) => told.push(reason),
  })
  return { alarms, clock, told, relieved: () => relieved }
}

test('an alarm is raised above the mark and lifted only well below it', async () => {
  const levels = { memory: 0.95, disk: 0 }
  const { alarms, clock, told, relieved } = watched(levels)
  alarms.watch()
  await clock.advance(1_000)
  assert.deepEqual(told, [])
  levels.memory = 1.01
  await clock.advance(200)
  assert.deepEqual(told, ['low on memory'])
  levels.memory = 0.95
  await clock.advance(1_000)
  assert.equal(alarms.reason, 'low on memory')
  assert.ok(relieved() > 0)
  levels.memory = 0.5
  await clock.advance(200)
  assert.deepEqual(told, ['low on memory', undefined])
  alarms.stop()
})

test('two alarms are one block, with both reasons, until both are lifted', async () => {
  const levels = { memory: 2, disk: 2 }
  const { alarms, clock, told } = watched(levels)
  alarms.watch()
  await clock.advance(200)
  levels.memory = 0
  await clock.advance(200)
  levels.disk = 0
  await clock.advance(200)
  assert.deepEqual(told, ['low on memory & low on disk', 'low on disk', undefined])
  alarms.stop()
})

test('nobody looks while there is no connection, but a raised alarm is watched until it is lifted', async () => {
  const levels = { memory: 2, disk: 0 }
  const { alarms, clock, told } = watched(levels)
  alarms.watch()
  await clock.advance(200)
  alarms.rest()
  levels.memory = 0
  await clock.advance(400)
  assert.deepEqual(told, ['low on memory', undefined])
  alarms.rest()
  await clock.advance(400)
  levels.memory = 2
  await clock.advance(10_000)
  assert.equal(told.length, 2)
  alarms.watch()
  await clock.advance(200)
  assert.equal(told.length, 3)
  alarms.stop()
})

test('however often connections come and go, there is one look at a time', async () => {
  let reads = 0
  const clock = new SimulatedClock()
  const read = (): number => {
    reads++
    return 0
  }
  const gauges: readonly Gauge[] = [{ name: 'memory', reason: 'low on memory', read }]
  const alarms = new Alarms({ clock, log: noLog, gauges, changed: () => undefined })
  for (let n = 0; n < 50; n++) {
    alarms.watch()
    alarms.rest()
  }
  alarms.watch()
  await clock.advance(1_000)
  assert.equal(reads, 6)
  alarms.stop()
})

test('memory of this process and room on the disk are read', async () => {
  assert.ok(marksOf({}).memoryBytesMax > 2 ** 26)
  assert.ok((await memoryGauge(() => 2 ** 20).read()) > 1)
  const roomy = memoryGauge(() => 2 ** 40)
  roomy.relieve?.()
  assert.ok((await roomy.read()) < 1)
  assert.ok((await diskGauge(tmpdir(), () => 1).read()) < 1)
  assert.ok((await diskGauge(tmpdir(), () => 2 ** 60).read()) > 1)
})
