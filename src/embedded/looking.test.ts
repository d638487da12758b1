import assert from 'node:assert/strict'
import { test } from 'node:test'
import { EngineTrial, messageOf, ok } from '../../test/embedded/engine-trial.ts'

const thrown = (message: string) => ({
  kind: 'final' as const,
  code: 'thrown',
  contentType: 'application/json',
  body: Buffer.from(JSON.stringify({ name: 'Error', message })),
})

/** Messages of the queue, each ended as its name says. */
async function ended(trial: EngineTrial, queue: string, ...ids: string[]): Promise<void> {
  await trial.send(queue, ...ids)
  for (const delivery of await trial.take(queue, ids.length)) {
    const [, why] = delivery.message.id.split(' ')
    await trial.until(trial.engine.settle(delivery, why === undefined ? ok() : thrown(why)))
  }
}

test('failures are grouped, outcomes searched and dead letters listed as soon as they are durable', async () => {
  const trial = await EngineTrial.open()
  await ended(trial, 'work', 'a1 x', 'a2 x', 'a3 y', 'a4', 'b1 x')
  const { inspection } = trial.broker
  const failures = await trial.until(inspection.failures())
  assert.deepEqual([failures.examined, failures.complete], [4, true])
  assert.deepEqual(
    failures.groups.map(({ queue, code, message, count }) => [queue, code, message, count]),
    [
      ['work', 'thrown', 'x', 3],
      ['work', 'thrown', 'y', 1],
    ],
  )
  assert.equal((await trial.until(inspection.failures({ limit: 1 }))).groups.length, 1)
  const page = await trial.until(inspection.outcomes({ code: 'failed', limit: 3 }))
  assert.deepEqual(
    page.outcomes.map(({ id }) => id),
    ['b1 x', 'a3 y', 'a2 x'],
  )
  assert.ok(page.next)
  const rest = await trial.until(inspection.outcomes({ code: 'failed', after: page.next }))
  assert.deepEqual([rest.outcomes.map(({ id }) => id), rest.next], [['a1 x'], undefined])
  const begins = await trial.until(inspection.outcomes({ idPrefix: 'a', code: 'thrown' }))
  assert.deepEqual(
    begins.outcomes.map(({ id }) => id),
    ['a1 x', 'a2 x', 'a3 y'],
  )
  const dead = await trial.until(inspection.deadLetters({ idPrefix: 'a', limit: 2 }))
  assert.deepEqual(
    dead.deadLetters.map(({ message }) => message.id),
    ['a3 y', 'a2 x'],
  )
  assert.equal(dead.next, 'a2 x')
  const counted = [...inspection.deadCounts().values()]
  assert.equal(
    counted.reduce((sum, count) => sum + count, 0),
    4,
  )
  assert.equal((await trial.until(inspection.deadLetter('a1 x')))?.reason, 'thrown')
  assert.equal(await trial.until(inspection.deadLetter('a4')), undefined)
})

test('what is not yet home is listed page by page over all callbacks, and by one of them', async () => {
  const trial = await EngineTrial.open()
  for (let n = 0; n < 5; n++) {
    const meta = { callbacks: [{ name: n % 2 === 0 ? 'even' : 'odd' }] }
    await trial.publish(messageOf('work', `m${n}`, 'x', { meta }))
  }
  await trial.answerOk(...(await trial.take('work', 5)))
  const { inspection } = trial.broker
  const seen: string[] = []
  for (let after: string | undefined; ; ) {
    const asked = { limit: 2, ...(after !== undefined && { after }) }
    const page = await trial.until(inspection.notHome(asked))
    assert.equal(page.total, 5)
    seen.push(...page.rows.map(({ callback, messageId }) => `${callback} ${messageId}`))
    if (page.next === undefined) break
    after = page.next
  }
  assert.deepEqual(seen, ['even m0', 'even m2', 'even m4', 'odd m1', 'odd m3'])
  const odd = await trial.until(inspection.notHome({ callback: 'odd' }))
  assert.deepEqual([odd.rows.length, odd.total], [2, 2])
  await trial.crash('power')
  const again = await trial.until(trial.broker.inspection.notHome())
  assert.equal(again.rows.length, 5)
})

test('looking at an engine changes nothing of it', async () => {
  const trial = await EngineTrial.open()
  for (let n = 0; n < 6; n++)
    await trial.publish(messageOf('work', `${n}`, 'x', { priority: n % 2 }))
  const [first] = await trial.take('work', 1)
  assert.ok(first)
  const journalBefore = trial.broker.inspection.figures().journal.lastLsn
  const { inspection } = trial.broker
  for (const state of ['ready', 'unsettled', 'delayed'] as const) {
    await trial.until(inspection.messages('work', { state }))
  }
  for (let position = 1; position <= 6; position++) {
    await trial.until(inspection.message('work', position))
    await trial.until(inspection.story(`${position - 1}`))
  }
  await trial.until(inspection.notHome())
  await trial.until(inspection.schedules())
  assert.equal(inspection.figures().journal.lastLsn, journalBefore)
  await trial.until(trial.engine.settle(first, { kind: 'return' }))
  assert.deepEqual(await trial.drain('work'), ['1R', '3', '5', '0', '2', '4'])
})

test('a closed engine is looked at no more', async () => {
  const trial = await EngineTrial.open()
  const { inspection } = trial.broker
  await trial.close()
  assert.throws(() => inspection.figures(), { code: 'closed' })
  assert.throws(() => inspection.queues(), { code: 'closed' })
  await assert.rejects(inspection.story('a'), { code: 'closed' })
  await assert.rejects(inspection.failures(), { code: 'closed' })
})
