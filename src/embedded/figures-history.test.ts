import assert from 'node:assert/strict'
import { test } from 'node:test'
import { EngineTrial } from '../../test/embedded/engine-trial.ts'
import { FiguresHistory } from './figures-history.ts'

async function sampled(
  trial: EngineTrial,
  history: FiguresHistory,
  seconds: number,
): Promise<void> {
  for (let n = 0; n < seconds; n++) {
    history.sample()
    await trial.clock.advance(1_000)
  }
}

test('rates are per second between two samples, in all and by queue', async () => {
  const trial = await EngineTrial.open()
  const history = new FiguresHistory(trial.broker.inspection)
  history.sample()
  await trial.send('work', 'a', 'b', 'c', 'd')
  await trial.clock.advance(2_000)
  history.sample()
  await trial.answerOk(...(await trial.take('work', 2)))
  await trial.clock.advance(1_000)
  history.sample()
  const [first, second, ...more] = history.samples('1s')
  assert.deepEqual(more, [])
  assert.ok(first && second)
  assert.ok(Math.abs(first.published - 2) < 0.05, `${first.published}`)
  assert.equal(first.ready, 4)
  assert.ok(second.settled > 1.5 && second.outcomes > 1.5)
  assert.equal(second.ready, 2)
  const queue = history.queueSamples('work', '1s')
  assert.deepEqual(
    queue?.map(({ atMs, ready }) => [atMs, ready]),
    [
      [first.atMs, 4],
      [second.atMs, 2],
    ],
  )
  assert.equal(history.queueSamples('other', '1s'), undefined)
})

test('each step keeps as many samples as it is to, and tells of the time that it covers', async () => {
  const trial = await EngineTrial.open()
  const history = new FiguresHistory(trial.broker.inspection)
  await trial.send('work', 'a')
  await sampled(trial, history, 400)
  assert.equal(history.samples('1s').length, 300)
  assert.equal(history.samples('10s').length, 39)
  assert.equal(history.samples('1m').length, 6)
  const ten = history.samples('10s')
  assert.equal(Math.round(((ten[1]?.atMs ?? 0) - (ten[0]?.atMs ?? 0)) / 1_000), 10)
  assert.equal(history.queueSamples('work', '1s')?.length, 300)
  assert.equal(history.queueSamples('work', '1m'), undefined)
})

test('a queue that comes later was idle before, and one that is deleted is let go', async () => {
  const trial = await EngineTrial.open()
  const history = new FiguresHistory(trial.broker.inspection)
  await sampled(trial, history, 5)
  const live = trial.broker.door.declareQueue('late', {})
  await trial.send('late', 'a', 'b')
  await sampled(trial, history, 3)
  assert.deepEqual(
    history.queueSamples('late', '1s')?.map(({ ready }) => ready),
    [0, 0, 0, 0, 2, 2, 2],
  )
  await trial.until(Promise.resolve(trial.broker.door.deleteQueue(live)))
  await sampled(trial, history, 2)
  assert.equal(history.queueSamples('late', '1s'), undefined)
})
