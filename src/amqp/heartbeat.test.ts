import assert from 'node:assert/strict'
import { test } from 'node:test'
import { SimulatedClock } from '../testing/simulated-clock.ts'
import { Heartbeat } from './heartbeat.ts'

function beating(intervalSeconds: number) {
  const clock = new SimulatedClock()
  const seen = { beats: 0, dead: 0, deaf: false, writtenBytes: 0 }
  const heartbeat = new Heartbeat(clock, intervalSeconds, {
    send: () => {
      seen.beats++
      seen.writtenBytes += 8
    },
    dead: () => seen.dead++,
    isDeaf: () => seen.deaf,
    writtenBytes: () => seen.writtenBytes,
  })
  heartbeat.start()
  return { clock, seen, heartbeat }
}

test('a connection that has nothing to say sends a heartbeat every half interval', async () => {
  const { clock, seen, heartbeat } = beating(10)
  for (let second = 0; second < 60; second++) {
    heartbeat.received()
    await clock.advance(1_000)
  }
  assert.equal(seen.beats, 12)
})

test('a connection that sends anyway sends no heartbeats', async () => {
  const { clock, seen, heartbeat } = beating(10)
  for (let second = 0; second < 60; second++) {
    heartbeat.received()
    seen.writtenBytes++
    await clock.advance(1_000)
  }
  assert.equal(seen.beats, 0)
})

test('two intervals without a byte are the end, any byte before that is life', async () => {
  const { clock, seen, heartbeat } = beating(10)
  await clock.advance(19_000)
  heartbeat.received()
  await clock.advance(19_000)
  assert.equal(seen.dead, 0)
  await clock.advance(6_000)
  assert.equal(seen.dead, 1)
  await clock.advance(60_000)
  assert.equal(seen.dead, 1)
})

test('a client that is not listened to is not judged by its silence', async () => {
  const { clock, seen } = beating(10)
  seen.deaf = true
  await clock.advance(600_000)
  assert.equal(seen.dead, 0)
  seen.deaf = false
  await clock.advance(21_000)
  assert.equal(seen.dead, 1)
})

test('an interval of 0 is no heartbeats at all', async () => {
  const { clock, seen } = beating(0)
  await clock.advance(600_000)
  assert.deepEqual([seen.beats, seen.dead], [0, 0])
})

test('a connection that is over sends none', async () => {
  const { clock, seen, heartbeat } = beating(10)
  heartbeat.stop()
  await clock.advance(600_000)
  assert.deepEqual([seen.beats, seen.dead], [0, 0])
})
