import assert from 'node:assert/strict'
import { test } from 'node:test'
import { EngineTrial, messageOf, ok } from '../../test/embedded/engine-trial.ts'
import type { Delivery } from '../message/delivery.ts'
import { callbackQueue } from '../message/message.ts'
import type { Attempt, MessageStory } from './message-story.ts'

const retry = (message: string, delayMs = 0) => ({
  kind: 'retry' as const,
  code: 'thrown' as const,
  body: Buffer.from(JSON.stringify({ name: 'TypeError', message, stack: `at ${message}` })),
  delayMs,
})

async function storyOf(trial: EngineTrial, id: string): Promise<MessageStory> {
  const story = await trial.until(trial.broker.inspection.story(id))
  assert.ok(story, `there is no story of ${id}`)
  return story
}

/** Takes the one message there is, under that consumer's name. */
async function take(trial: EngineTrial, queue = 'work', consumerName = 'Ada'): Promise<Delivery> {
  const deliveries: Delivery[] = []
  const handler = { deliver: (one: Delivery) => deliveries.push(one), revoke: () => undefined }
  const connection = { connectionName: '127.0.0.1:5000', userName: 'guest' }
  const options = { prefetch: 1, consumerName, ...connection }
  const subscription = trial.engine.subscribe(queue, options, handler)
  await trial.clock.advance(50)
  subscription.stop()
  const [delivery] = deliveries
  assert.ok(delivery, `nothing came from ${queue}`)
  return delivery
}

const ends = (attempts: readonly Attempt[]): string[] =>
  attempts.map(({ number, end }) => `${number} ${end}`)

test('a message that waits, is delayed or held tells so, with its body and where it stands', async () => {
  const trial = await EngineTrial.open()
  const inAnHour = trial.engine.nowMs() + 3_600_000
  await trial.publish(messageOf('work', 'later', 'x', { availableAtMs: inAnHour }))
  await trial.publish(messageOf('work', 'a', 'hello', { meta: { headers: { tenant: '7' } } }))
  const ready = await storyOf(trial, 'a')
  assert.equal(ready.state, 'ready')
  assert.equal(ready.position, 2)
  assert.equal(Buffer.from(ready.message?.body ?? []).toString(), 'hello')
  assert.deepEqual(ready.message?.headers, { tenant: '7' })
  assert.deepEqual(ready.attempts, [])
  const delayed = await storyOf(trial, 'later')
  assert.equal(delayed.state, 'delayed')
  assert.equal(delayed.availableAtMs, inAnHour)
  const delivery = await take(trial)
  trial.engine.reportProgress(delivery, Buffer.from('50'), 'text/plain')
  const held = await storyOf(trial, 'a')
  assert.equal(held.state, 'unsettled')
  assert.equal(Buffer.from(held.progress?.body ?? []).toString(), '50')
  const [running] = held.attempts
  assert.ok(running)
  assert.equal(running.end, 'running')
  assert.deepEqual(
    [running.consumer, running.connection, running.user],
    ['Ada', '127.0.0.1:5000', 'guest'],
  )
  assert.equal(await trial.until(trial.broker.inspection.story('nobody')), undefined)
})

test('a message that succeeds at its first attempt tells who had it, and since when', async () => {
  const trial = await EngineTrial.open()
  await trial.send('work', 'a')
  const delivery = await take(trial)
  await trial.clock.advance(700)
  await trial.answerOk(delivery)
  const story = await storyOf(trial, 'a')
  assert.equal(story.state, 'final')
  assert.equal(story.outcome?.code, 'ok')
  assert.equal(story.isDeadLetter, false)
  const [only] = story.attempts
  assert.ok(only?.deliveredAtMs && only.endedAtMs)
  assert.deepEqual(ends(story.attempts), ['1 settled'])
  assert.equal(only.consumer, 'Ada')
  assert.ok(only.endedAtMs - only.deliveredAtMs >= 700)
  assert.equal(only.error, undefined)
})

for (const how of ['kill', 'power'] as const) {
  test(`each failed attempt keeps what it threw, also after a ${how} and a restart`, async () => {
    const trial = await EngineTrial.open()
    await trial.publish(messageOf('work', 'a', 'x', { attemptsMax: 3 }))
    await trial.until(trial.engine.settle(await take(trial), retry('first', 5_000)))
    const waiting = await storyOf(trial, 'a')
    assert.equal(waiting.state, 'delayed')
    assert.deepEqual(ends(waiting.attempts), ['1 failed'])
    await trial.crash(how)
    await trial.clock.advance(10_000)
    await trial.until(trial.engine.settle(await take(trial, 'work', 'Bob'), retry('second')))
    await trial.until(trial.engine.settle(await take(trial), retry('third')))
    await trial.crash(how)
    const story = await storyOf(trial, 'a')
    assert.equal(story.outcome?.code, 'thrown')
    assert.equal(story.isDeadLetter, true)
    assert.deepEqual(ends(story.attempts), ['1 failed', '2 failed', '3 settled'])
    const texts = story.attempts.map(
      ({ error }) => `${error?.name} ${error?.message} ${error?.stack}`,
    )
    assert.deepEqual(texts, [
      'TypeError first at first',
      'TypeError second at second',
      'TypeError third at third',
    ])
    const [first, second, third] = story.attempts
    assert.equal(second?.consumer, 'Bob')
    assert.equal(third?.code, 'thrown')
    assert.ok((first?.retryAtMs ?? 0) - (first?.endedAtMs ?? 0) >= 4_900)
    assert.equal(Buffer.from(story.message?.body ?? []).toString(), 'x')
  })
}

test('an attempt whose process died is counted, and told as not kept', async () => {
  const trial = await EngineTrial.open()
  await trial.send('work', 'a')
  await take(trial)
  await trial.crash()
  await trial.answerOk(await take(trial))
  assert.deepEqual(ends((await storyOf(trial, 'a')).attempts), ['1 not-kept', '2 settled'])
})

test('time-outs, closed subscriptions and returns are told apart', async () => {
  const trial = await EngineTrial.open()
  await trial.publish(messageOf('work', 'a', 'x', { timeoutMs: 1_000 }))
  await take(trial)
  await trial.clock.advance(2_000)
  const inbox = trial.consume('work', 1)
  await trial.clock.advance(50)
  await inbox.close()
  await trial.until(trial.engine.settle(await take(trial), { kind: 'return' }))
  await take(trial)
  await trial.until(trial.engine.cancel('a'))
  const story = await storyOf(trial, 'a')
  assert.deepEqual(ends(story.attempts), [
    '1 timed-out',
    '2 connection-lost',
    '3 returned',
    '4 canceled',
  ])
  assert.equal(story.outcome?.code, 'canceled')
})

test('of a message that fails again and again the first hundred attempts are kept, and the last', async () => {
  const trial = await EngineTrial.open()
  await trial.publish(messageOf('work', 'a', 'x', { attemptsMax: 120 }))
  for (let n = 1; n <= 120; n++) {
    await trial.until(trial.engine.settle(await take(trial), retry(`no ${n}`)))
  }
  const { attempts } = await storyOf(trial, 'a')
  const known = attempts.filter(({ end }) => end !== 'not-kept')
  assert.equal(attempts.length, 120)
  assert.equal(known.length, 101)
  assert.equal(known.at(-1)?.error?.message, 'no 120')
})

test('what is thrown with a huge stack is kept in part, and still as JSON', async () => {
  const trial = await EngineTrial.open()
  await trial.send('work', 'a')
  const huge = { name: 'Error', message: 'm'.repeat(5_000), stack: '\u0001€'.repeat(9_000) }
  const body = Buffer.from(JSON.stringify(huge))
  await trial.until(trial.engine.settle(await take(trial), { ...retry('huge'), body }))
  const [attempt] = (await storyOf(trial, 'a')).attempts
  assert.equal(attempt?.error?.name, 'Error')
  assert.ok(attempt.error?.message?.startsWith('mmmm'))
  assert.ok((attempt.error?.stack?.length ?? 0) > 100)
})

test('a callback is pending, waits, runs, backs off and is told, with each of its tries', async () => {
  const trial = await EngineTrial.open()
  const queue = callbackQueue('photo.resized')
  const meta = { callbacks: [{ name: 'photo.resized', context: '{"n":1}' }] }
  await trial.publish(messageOf('work', 'a', 'x', { meta }))
  const state = async () => (await storyOf(trial, 'a')).callbacks.map((one) => one.state)
  assert.deepEqual(await state(), ['pending'])
  await trial.answerOk(await take(trial))
  assert.deepEqual(await state(), ['waiting'])
  const first = await take(trial, queue)
  assert.deepEqual(await state(), ['running'])
  const page = await trial.until(trial.broker.inspection.notHome())
  assert.deepEqual(
    page.rows.map(({ messageId, callback, state, code }) => [messageId, callback, state, code]),
    [['a', 'photo.resized', 'running', 'ok']],
  )
  await trial.until(trial.engine.settle(first, retry('not now', 1_000)))
  assert.deepEqual(await state(), ['backing-off'])
  const [failed] = (await trial.until(trial.broker.inspection.notHome())).rows
  assert.equal(failed?.state, 'backing-off')
  assert.equal(failed.lastError?.message, 'not now')
  assert.ok(failed.nextTryAtMs)
  await trial.clock.advance(2_000)
  await trial.until(trial.engine.settle(await take(trial, queue), { kind: 'acknowledge' }))
  const [told] = (await storyOf(trial, 'a')).callbacks
  assert.equal(told?.state, 'told')
  assert.deepEqual(ends(told.tries), ['1 failed', '2 settled'])
  assert.deepEqual(await trial.until(trial.broker.inspection.notHome()), {
    rows: [],
    total: 0,
    next: undefined,
  })
})

test('a callback whose tries are used up is dead', async () => {
  const trial = await EngineTrial.open()
  await trial.publish(messageOf('work', 'a', 'x', { meta: { callbacks: [{ name: 'c' }] } }))
  await trial.answerOk(await take(trial))
  for (let n = 0; n < 20; n++) {
    await trial.until(trial.engine.settle(await take(trial, callbackQueue('c')), retry('no')))
  }
  const [dead] = (await storyOf(trial, 'a')).callbacks
  assert.equal(dead?.state, 'dead')
  assert.equal(dead.triesMade, 20)
  assert.deepEqual(ends(dead.tries).slice(-2), ['19 failed', '20 settled'])
  assert.equal(dead.tries.at(-1)?.error?.message, 'no')
})

test('parents, children and replays name each other, before and after they have finished', async () => {
  const trial = await EngineTrial.open()
  await trial.send('work', 'parent')
  await trial.publish(messageOf('other', 'child', 'x', { meta: { parentId: 'parent' } }))
  assert.deepEqual((await storyOf(trial, 'parent')).childIds, ['child'])
  assert.equal((await storyOf(trial, 'child')).parentId, 'parent')
  const failure = { ...ok(''), code: 'rejected' }
  await trial.until(trial.engine.settle(await take(trial, 'other'), failure))
  const [again] = await trial.until(trial.engine.replayDeadLetters({ ids: ['child'] }))
  assert.ok(again)
  assert.equal((await storyOf(trial, 'child')).replayedAs, again)
  assert.equal((await storyOf(trial, again)).replayOf, 'child')
  await trial.answerOk(await take(trial, 'other'))
  await trial.answerOk(await take(trial))
  await trial.reopen()
  assert.deepEqual((await storyOf(trial, 'parent')).childIds, [again, 'child'])
  const child = await storyOf(trial, 'child')
  assert.deepEqual([child.parentId, child.replayedAs, child.isDeadLetter], ['parent', again, false])
  assert.equal((await storyOf(trial, again)).replayOf, 'child')
})
