import assert from 'node:assert/strict'
import { test } from 'node:test'
import { EngineTrial, messageOf } from '../embedded/engine-trial.ts'

const day = 86_400_000
const fail = { kind: 'retry', delayMs: 60_000, code: 'thrown', body: Buffer.from('{}') } as const

/** An engine with a message of each kind of time: a deadline, a delay, a time-out, a retry. */
async function withTimes(): Promise<EngineTrial> {
  const trial = await EngineTrial.open()
  const nowMs = trial.engine.nowMs()
  await trial.publish(messageOf('due', 'deadline', '', { deadlineAtMs: nowMs + 60_000 }))
  await trial.publish(messageOf('late', 'delay', '', { availableAtMs: nowMs + 60_000 }))
  await trial.publish(messageOf('slow', 'time-out', '', { timeoutMs: 60_000 }))
  await trial.publish(messageOf('again', 'retry'))
  await trial.take('slow', 1)
  const [delivery] = await trial.take('again', 1)
  if (delivery) await trial.until(trial.engine.settle(delivery, fail))
  return trial
}

async function ready(trial: EngineTrial): Promise<Record<string, number>> {
  const queues = await trial.until(trial.engine.queues())
  return Object.fromEntries(queues.map(({ name, ready, unsettled }) => [name, ready + unsettled]))
}

for (const [words, jumpMs] of [
  ['set back by ten years', -3_650 * day],
  ['set back by a minute', -60_000],
  ['set forward by a minute', 60_000],
  ['set forward by ten years', 3_650 * day],
] as const) {
  test(`a clock ${words} while the engine runs moves no deadline, delay, time-out or retry`, async () => {
    const trial = await withTimes()
    const before = trial.engine.nowMs()
    trial.clock.jumpWall(jumpMs)
    await trial.clock.advance(50_000)
    assert.equal(trial.engine.nowMs() - before, 50_000)
    assert.equal(await trial.state('deadline'), 'pending')
    assert.deepEqual(await ready(trial), { due: 1, late: 0, slow: 1, again: 0 })
    await trial.clock.advance(11_000)
    assert.equal(await trial.state('deadline'), 'expired')
    assert.deepEqual(await ready(trial), { due: 0, late: 1, slow: 1, again: 1 })
    const [delivery] = await trial.take('slow', 1)
    assert.equal(delivery?.attempt, 2)
  })
}

test('a clock set back between two starts does not go back behind what is stored', async () => {
  const trial = await withTimes()
  const before = trial.engine.nowMs()
  await trial.close()
  trial.clock.jumpWall(-10 * day)
  await trial.open()
  assert.ok(trial.engine.nowMs() >= before)
  assert.equal(await trial.state('deadline'), 'pending')
  await trial.clock.advance(61_000)
  assert.equal(await trial.state('deadline'), 'expired')
  assert.deepEqual(await trial.drain('late'), ['delay'])
  assert.deepEqual(await trial.drain('again'), ['retryR'])
})

test('a clock set back before a start after a crash does not go back either', async () => {
  const trial = await withTimes()
  const before = trial.engine.nowMs()
  trial.clock.jumpWall(-10 * day)
  await trial.crash('power')
  assert.ok(trial.engine.nowMs() >= before - 10_000)
  await trial.clock.advance(80_000)
  assert.equal(await trial.state('deadline'), 'expired')
  assert.deepEqual(await trial.drain('late'), ['delay'])
})

test('outcomes are in the order of time though the clock was set back between two starts', async () => {
  const trial = await EngineTrial.open()
  await trial.send('work', 'first')
  await trial.drain('work')
  await trial.close()
  trial.clock.jumpWall(-day)
  await trial.open()
  await trial.send('work', 'second')
  await trial.drain('work')
  const outcomes = await trial.outcomes()
  assert.deepEqual(
    outcomes.map(({ id }) => id),
    ['second', 'first'],
  )
  const [second, first] = outcomes
  assert.ok(second && first && second.finishedAtMs >= first.finishedAtMs)
})

test('time that passed while the engine was closed counts: deadlines pass and delays end', async () => {
  const trial = await withTimes()
  await trial.close()
  trial.clock.jumpWall(day)
  await trial.open()
  await trial.clock.advance(1_000)
  assert.equal(await trial.state('deadline'), 'expired')
  assert.deepEqual(await trial.drain('late'), ['delay'])
})

test('ids that are minted rise though the clock was set back', async () => {
  const trial = await EngineTrial.open()
  const ids: string[] = []
  for (const jumpMs of [0, -day, 2 * day, -5 * day]) {
    trial.clock.jumpWall(jumpMs)
    for (let n = 0; n < 20; n++) ids.push(trial.engine.mintId())
  }
  assert.deepEqual(ids, ids.toSorted())
  assert.equal(new Set(ids).size, ids.length)
})
