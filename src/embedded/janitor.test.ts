import assert from 'node:assert/strict'
import { test } from 'node:test'
import { EngineTrial, messageOf, ok, smallSizes } from '../../test/embedded/engine-trial.ts'
import type { Delivery } from '../message/delivery.ts'
import { randomSource } from '../testing/random.ts'
import { indexPagesName } from './index-pages.ts'

/** Sends numbered messages and answers all but every twentieth, which is given back. */
async function sendAndAnswer(trial: EngineTrial, count: number, from = 0): Promise<string[]> {
  const kept: string[] = []
  for (let n = from; n < from + count; n++) {
    await trial.publish(messageOf('work', `${n}`, 'x'.repeat(700)))
    const [delivery] = (await trial.take('work', 1)) as [Delivery]
    if (n % 20 === 0) kept.push(delivery.message.id)
    const settlement = n % 20 === 0 ? retryLater : ok()
    await trial.until(trial.engine.settle(delivery, settlement))
  }
  return kept
}

const retryLater = {
  kind: 'retry',
  delayMs: 3_600_000,
  code: 'thrown',
  body: Buffer.from('{}'),
} as const

const journalBytes = (trial: EngineTrial): number =>
  [...trial.disk.state.files()]
    .filter(([name]) => name.startsWith('journal-'))
    .reduce((sum, [, bytes]) => sum + bytes.length, 0)

test('segments go when everything in them is done, however long the engine runs', async () => {
  const trial = await EngineTrial.open(smallSizes)
  for (let round = 0; round < 10; round++) {
    for (let n = 0; n < 40; n++) {
      await trial.publish(messageOf('work', `${round}-${n}`, 'x'.repeat(700)))
    }
    await trial.drain('work')
    await trial.clock.advance(200)
    const names = await trial.names(/journal/)
    assert.ok(names.length <= 14, `${names.length} segments after round ${round}`)
  }
  assert.equal((await trial.outcomes()).length, 400)
  assert.deepEqual(trial.problems, [])
})

test('a few that stay do not hold the segments of all the others', async () => {
  const trial = await EngineTrial.open(smallSizes)
  const kept = await sendAndAnswer(trial, 400)
  await trial.clock.advance(500)
  assert.ok(
    journalBytes(trial) < 150_000,
    `${journalBytes(trial)} bytes for ${kept.length} messages`,
  )
  assert.deepEqual(trial.problems, [])
})

test('what compaction has moved keeps its order, its attempts and its bytes, through any start', async () => {
  for (const how of ['none', 'reopen', 'kill', 'power'] as const) {
    const trial = await EngineTrial.open(smallSizes)
    const kept = await sendAndAnswer(trial, 200)
    await trial.clock.advance(500)
    if (how === 'reopen') await trial.reopen()
    if (how === 'kill' || how === 'power') await trial.crash(how)
    await trial.clock.advance(3_700_000)
    const inbox = trial.consume('work')
    await trial.clock.advance(500)
    assert.deepEqual(
      inbox.deliveries.map(({ message }) => message.id),
      kept,
      how,
    )
    for (const delivery of inbox.deliveries) {
      assert.equal(delivery.attempt, 2)
      assert.equal(delivery.redelivered, true)
      assert.equal(Buffer.from(delivery.message.body).toString(), 'x'.repeat(700))
    }
    await trial.answerOk(...inbox.deliveries)
    assert.equal((await trial.outcomes()).length, 200)
    assert.deepEqual(trial.problems, [])
  }
})

test('a message that waits in the index, put away or not, is moved and found by its id', async () => {
  const trial = await EngineTrial.open({
    ...smallSizes,
    segmentBytes: 65_536,
    checkpointBytes: 65_536,
  })
  const waiting = Array.from({ length: 4_500 }, (_, n) => messageOf('deep', `d${n}`, ''))
  for (let n = 0; n < waiting.length; n += 150) {
    // Little of each segment is of the deep queue, so all of them are worth rewriting.
    await trial.until(trial.engine.publishMany(waiting.slice(n, n + 150)))
    for (let one = 0; one < 60; one++) {
      await trial.publish(messageOf('work', `${n}-${one}`, 'x'.repeat(1_500)))
    }
    await trial.drain('work')
  }
  await trial.clock.advance(1_000)
  const moved = (await trial.names(/journal/)).length
  assert.ok(moved < 40, `${moved} segments`)
  assert.equal(await trial.state('d0'), 'pending')
  assert.equal(await trial.state('d4499'), 'pending')
  let pagesRead = 0
  trial.disk.faults = ({ kind, name }) => {
    if (kind === 'read' && name === indexPagesName) pagesRead++
    return undefined
  }
  await trial.take('deep', 1)
  assert.equal(pagesRead, 1, 'the block was not put away again')
  await trial.crash()
  assert.equal(await trial.until(trial.engine.cancel('d17')), true)
  const seen = await trial.drain('deep')
  const expected = waiting.map(({ id }) => (id === 'd0' ? 'd0R' : id)).filter((id) => id !== 'd17')
  assert.deepEqual(seen, expected)
  assert.deepEqual(trial.problems, [])
})

test('homecomings that wait for their callback are moved, and come with the same bytes', async () => {
  const bodies: string[] = []
  for (const traffic of [0, 120]) {
    const trial = await EngineTrial.open(smallSizes)
    await trial.publish(
      messageOf('asked', 'a', 'input', { meta: { callbacks: [{ name: 'told', context: '7' }] } }),
    )
    await trial.answerOk(...(await trial.take('asked', 1)))
    if (traffic > 0) {
      await sendAndAnswer(trial, traffic)
      await trial.clock.advance(500)
      assert.equal((await trial.names(/journal-0000000001/)).length, 0, 'nothing was moved')
    }
    await trial.crash()
    const [delivery] = (await trial.take('callback:told', 1)) as [Delivery]
    assert.equal(delivery.message.id, 'a>told')
    const homecoming = JSON.parse(Buffer.from(delivery.message.body).toString())
    const { acceptedAtMs, finishedAtMs, ...outcome } = homecoming.outcome
    assert.ok(acceptedAtMs <= finishedAtMs)
    bodies.push(JSON.stringify({ ...homecoming, outcome }))
    await trial.until(trial.engine.settle(delivery, { kind: 'acknowledge' }))
    await trial.reopen()
    assert.deepEqual(await trial.drain('callback:told'), [])
  }
  assert.equal(bodies[0], bodies[1])
})

test('a crash at any moment of checkpoint, removal and compaction loses and repeats nothing', async () => {
  for (let seed = 1; seed <= 40; seed++) {
    const random = randomSource(seed)
    const trial = await EngineTrial.open(smallSizes, {}, seed)
    let kept: string[] = []
    let sent = 0
    for (let round = 0; round < 3; round++) {
      kept = [...kept, ...(await sendAndAnswer(trial, 60, sent))]
      sent += 60
      const at = trial.disk.operations + random.below(60)
      trial.disk.faults = ({ number }) => (number === at ? { kind: 'cut' } : undefined)
      await trial.clock.advance(random.below(100))
      trial.disk.faults = () => undefined
      await trial.crash('power')
    }
    await trial.clock.advance(3_700_000)
    const seen = (await trial.drain('work')).map((name) => name.replace('R', ''))
    assert.deepEqual(seen, kept, `seed ${seed}`)
    assert.equal((await trial.outcomes()).length, sent, `seed ${seed}`)
    assert.deepEqual(trial.problems, [], `seed ${seed}`)
  }
})

test('many short lives of a process do not leave many segments', async () => {
  const trial = await EngineTrial.open(smallSizes)
  for (let n = 0; n < 40; n++) {
    await trial.send('work', `${n}`)
    if (n % 10 !== 0) await trial.answerOk(...(await trial.take('work', 1)))
    await trial.clock.advance(50)
    await trial.crash()
  }
  await trial.clock.advance(1_000)
  const names = await trial.names(/journal/)
  assert.ok(names.length < 25, `${names.length} segments`)
})
