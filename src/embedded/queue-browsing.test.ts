import assert from 'node:assert/strict'
import { test } from 'node:test'
import { EngineTrial, messageOf, smallSizes } from '../../test/embedded/engine-trial.ts'
import { encodeProperties } from '../amqp/protocol/properties.ts'
import { HomingError } from '../errors.ts'
import { PlainMessage } from '../message/plain-message.ts'
import type { MessageSummary, MessagesFilter } from './inspection-port.ts'
import { segmentName } from './journal/segment.ts'
import type { LiveQueue } from './live-queue.ts'

/** All pages of a list, and what they hold. */
async function listed(
  trial: EngineTrial,
  filter: MessagesFilter,
  queue = 'work',
): Promise<MessageSummary[]> {
  const messages: MessageSummary[] = []
  for (let after: string | undefined; ; ) {
    const asked = { ...filter, ...(after !== undefined && { after }) }
    const page = await trial.until(trial.broker.inspection.messages(queue, asked))
    assert.ok(page.messages.length <= (filter.limit ?? 100))
    messages.push(...page.messages)
    if (page.next === undefined) return messages
    after = page.next
  }
}

const ids = (messages: readonly MessageSummary[]): (string | undefined)[] =>
  messages.map(({ id }) => id)

function publishPlain(
  trial: EngineTrial,
  live: LiveQueue,
  bodies: readonly string[],
  persistent: boolean,
): void {
  const properties = encodeProperties({
    contentType: 'text/plain',
    headers: new Map([['tenant', 7]]),
    deliveryMode: persistent ? 2 : 1,
  })
  for (const body of bodies) {
    const message = new PlainMessage('', live.queue.name, properties, Buffer.from(body))
    trial.broker.door.publish(message, [live], persistent)
  }
}

test('what waits is listed in the order in which it is delivered, page by page, and stays as it is', async () => {
  const trial = await EngineTrial.open()
  for (let n = 1; n <= 9; n++) {
    await trial.publish(messageOf('work', `${n}`, `${n}`, { priority: n % 3 }))
  }
  const held = await trial.take('work', 4)
  for (const one of held.toReversed()) {
    await trial.until(trial.engine.settle(one, { kind: 'return' }))
  }
  const expected = ['2', '5', '8', '1', '4', '7', '3', '6', '9']
  for (const limit of [1, 2, 4, 100]) {
    assert.deepEqual(ids(await listed(trial, { state: 'ready', limit })), expected)
  }
  const [first, , , fifth] = await listed(trial, { state: 'ready' })
  assert.deepEqual([first?.attempts, first?.priority, first?.bodyBytes], [1, 2, 1])
  assert.equal(fifth?.contentType, 'text/plain; charset=utf-8')
  assert.deepEqual(
    await trial.drain('work'),
    expected.map((id, n) => (n < 4 ? `${id}R` : id)),
  )
})

test('a queue whose index lies on disk is listed from there, and none of it is brought back', async () => {
  const trial = await EngineTrial.open({
    ...smallSizes,
    segmentBytes: 1_000_000,
    checkpointBytes: 300_000,
  })
  const count = 4_096 * 3 + 10
  for (let n = 0; n < count; n += 1_000) {
    const messages = Array.from({ length: Math.min(1_000, count - n) }, (_, m) =>
      messageOf('work', `m${n + m}`, 'x', { idChosen: false }),
    )
    await trial.until(trial.engine.publishMany(messages))
  }
  await trial.clock.advance(1_000)
  const live = trial.broker.door.queue('work')
  const away = () => live?.queue.fifos[0]?.blocks.filter(({ columns }) => !columns).length ?? 0
  const before = away()
  assert.ok(before >= 2, `${before} blocks are away`)
  const all = await listed(trial, { state: 'ready', limit: 1_000 })
  assert.deepEqual(
    ids(all),
    Array.from({ length: count }, (_, n) => `m${n}`),
  )
  const deep = await trial.until(trial.broker.inspection.message('work', 4_096 + 2_000))
  assert.equal(deep?.id, `m${4_096 + 1_999}`)
  assert.equal(away(), before)
})

test('AMQP messages without an id are listed and shown whole, persistent and transient', async () => {
  const trial = await EngineTrial.open()
  const live = trial.broker.door.declareQueue('plain', {})
  publishPlain(trial, live, ['a', 'b'], true)
  publishPlain(trial, live, ['c', 'd'], false)
  await trial.clock.advance(50)
  const ready = await listed(trial, { state: 'ready', limit: 3 }, 'plain')
  assert.deepEqual(
    ready.map(({ position, id, durable }) => [position, id, durable]),
    [
      [1, undefined, true],
      [2, undefined, true],
      [3, undefined, false],
      [4, undefined, false],
    ],
  )
  for (const [n, body] of ['a', 'b', 'c', 'd'].entries()) {
    const whole = await trial.until(trial.broker.inspection.message('plain', n + 1))
    assert.equal(Buffer.from(whole?.body ?? []).toString(), body)
    assert.equal(whole?.contentType, 'text/plain')
    assert.equal(whole?.properties?.headers?.get('tenant'), 7)
    assert.equal(whole?.routingKey, 'plain')
  }
  assert.equal(await trial.until(trial.broker.inspection.message('plain', 9)), undefined)
})

test('what consumers hold is listed with who holds it, also of those that have left, and of basic.get', async () => {
  const trial = await EngineTrial.open()
  const live = trial.broker.door.declareQueue('plain', {})
  publishPlain(trial, live, ['a', 'b', 'c'], false)
  const taker = { deliver: () => undefined, revoke: () => undefined }
  const options = { prefetch: 2, consumerName: 'ctag', connectionName: 'c1', userName: 'guest' }
  const subscriber = trial.broker.door.subscribe(live, options, taker)
  trial.broker.door.resume(live)
  await trial.clock.advance(50)
  const got = await trial.broker.door.get(live, false)
  assert.ok(got)
  const rows = async () =>
    (await listed(trial, { state: 'unsettled' }, 'plain')).map(({ position, held }) => [
      position,
      held?.consumer,
      held?.user,
    ])
  const expected = [
    [1, 'ctag', 'guest'],
    [2, 'ctag', 'guest'],
    [3, 'basic.get', undefined],
  ]
  assert.deepEqual(await rows(), expected)
  trial.broker.door.unsubscribe(subscriber)
  assert.deepEqual(await rows(), expected)
  trial.broker.door.acknowledge([...subscriber.held])
  trial.broker.door.requeue([got], true)
  assert.deepEqual(await rows(), [])
  assert.equal(live.leavers.size, 0)
  assert.deepEqual(ids(await listed(trial, { state: 'ready' }, 'plain')).length, 1)
})

test('what is delayed is listed with what is next first, in one queue and in all', async () => {
  const trial = await EngineTrial.open()
  const at = (minutes: number) => trial.engine.nowMs() + minutes * 60_000
  const send = (queue: string, id: string, minutes: number) =>
    trial.publish(messageOf(queue, id, id, { availableAtMs: at(minutes) }))
  await send('work', 'c', 30)
  await send('work', 'a', 10)
  await send('other', 'b', 20)
  await send('work', 'd', 40)
  assert.deepEqual(ids(await listed(trial, { state: 'delayed', limit: 1 })), ['a', 'c', 'd'])
  const { inspection } = trial.broker
  const first = await trial.until(inspection.delayed({ limit: 3 }))
  assert.deepEqual(ids(first.rows), ['a', 'b', 'c'])
  assert.equal(first.total, 4)
  assert.ok(first.next)
  const second = await trial.until(inspection.delayed({ limit: 3, after: first.next }))
  assert.deepEqual([ids(second.rows), second.next], [['d'], undefined])
})

test('a cron schedule is listed with its expression and its next time', async () => {
  const trial = await EngineTrial.open()
  const availableAtMs = Date.parse('2999-01-01T08:00:00.000Z')
  const id = 'schedule:reports:daily:2999-01-01T08:00:00.000Z'
  const meta = { schedule: { cron: '0 8 * * *', timezone: 'UTC' } }
  await trial.publish(messageOf('work', id, 'x', { availableAtMs, meta }))
  await trial.publish(messageOf('work', 'no schedule', 'x', { availableAtMs }))
  await trial.crash()
  assert.deepEqual(await trial.until(trial.broker.inspection.schedules()), [
    {
      name: 'reports:daily',
      queue: 'work',
      nextAtMs: availableAtMs,
      messageId: id,
      cron: '0 8 * * *',
      timezone: 'UTC',
    },
  ])
})

test('large bodies end a page early and are shown in part', async () => {
  const trial = await EngineTrial.open()
  const body = 'x'.repeat(3 * 1024 * 1024)
  for (const id of ['a', 'b', 'c']) await trial.publish(messageOf('work', id, body))
  await trial.crash()
  const page = await trial.until(trial.broker.inspection.messages('work', { state: 'ready' }))
  assert.deepEqual(ids(page.messages), ['a', 'b'])
  assert.deepEqual(ids(await listed(trial, { state: 'ready' })), ['a', 'b', 'c'])
  const whole = await trial.until(trial.broker.inspection.message('work', 1, { bodyBytesMax: 10 }))
  assert.deepEqual([whole?.body.length, whole?.bodyBytes], [10, body.length])
})

test('a message whose record is damaged is listed as unreadable, and the others as they are', async () => {
  const trial = await EngineTrial.open({ tailBytes: 0 })
  await trial.send('work', 'a', 'b', 'c')
  await trial.crash()
  const second = trial.broker.door.queue('work')?.queue.fifos[0]?.blocks[0]?.entryAt(1, 0)
  assert.ok(second)
  trial.alter(segmentName(second.segment), (bytes) => {
    const last = second.from + second.bytes - 1
    bytes[last] = (bytes[last] as number) ^ 1
    return bytes
  })
  const rows = await listed(trial, { state: 'ready' })
  assert.deepEqual(
    rows.map(({ id, unreadable }) => [id, unreadable]),
    [
      ['a', false],
      [undefined, true],
      ['c', false],
    ],
  )
})

test('a wrong limit, cursor or queue is refused', async () => {
  const trial = await EngineTrial.open()
  await trial.send('work', 'a')
  const fails = (queue: string, filter: MessagesFilter, code: string) =>
    assert.rejects(
      trial.until(trial.broker.inspection.messages(queue, filter)),
      (error) => error instanceof HomingError && error.code === code,
    )
  await fails('work', { state: 'ready', limit: 0 }, 'bad-argument')
  await fails('work', { state: 'ready', limit: 1_001 }, 'bad-argument')
  await fails('work', { state: 'ready', after: 'x_y' }, 'bad-argument')
  await fails('nothing', { state: 'ready' }, 'queue-unknown')
  await trial.close()
  await fails('work', { state: 'ready' }, 'closed')
})
