/* Rights and virtual hosts, for clients that speak the port. */

import assert from 'node:assert/strict'
import { test } from 'node:test'
import { encodeProperties } from '../../src/amqp/protocol/properties.ts'
import { startBroker } from '../../src/amqp.ts'
import type { Delivery } from '../../src/message/delivery.ts'
import type { Settlement } from '../../src/message/settlement.ts'
import {
  consume,
  inVirtualHost,
  linkTo,
  messageTo,
  ok,
  type TestLink,
  textsOf,
  until,
  withUser,
} from './homing-broker.ts'

const refused = { code: 'access-refused' }

test('who may only write can send and learn what came of it, and nothing else', async () => {
  await using broker = await startBroker()
  await using admin = await linkTo(broker.url)
  await using one = await linkTo(
    await withUser(broker, 'sender', { write: '^amq\\.default$', configure: '^mine' }),
  )
  const { link } = one
  await admin.link.declareQueue('theirs', {})
  const sent = messageTo('theirs', 'a')
  await link.publish([sent], false)
  await assert.rejects(link.publish([messageTo('new', 'b')], false), refused)
  await link.publish([messageTo('mine.too', 'c')], false)
  await assert.rejects(
    link.publish([messageTo('key', 'd', { exchange: 'amq.topic' })], false),
    refused,
  )
  await assert.rejects(link.declareQueue('theirs', {}), refused)
  await assert.rejects(link.purgeQueue('theirs'), refused)
  await assert.rejects(link.outcomes({ queue: 'theirs' }), refused)
  await assert.rejects(link.deadLetters({ queue: 'theirs' }), refused)
  const told = new Promise((resolve) => link.whenFinal(sent.id, resolve))
  const work = consume(admin.link, 'theirs')
  await until(() => work.deliveries.length === 1, 'the delivery')
  await admin.link.settle(work.deliveries[0] as Delivery, ok())
  await told
  assert.equal((await link.answer(sent.id)).state, 'final')
  assert.deepEqual(await link.outcomes({}), [])
  assert.deepEqual(
    (await link.queues()).map(({ name }) => name),
    ['mine.too'],
  )
  consume(link, 'theirs')
  await until(() => one.problems.length === 1, 'the refusal')
  assert.match(one.problems[0] ?? '', /consumer of queue "theirs" is over.*'sender'/)
})

test('who may only read can work and see outcomes of its queues, and neither send nor ask by id', async () => {
  await using broker = await startBroker()
  await using admin = await linkTo(broker.url)
  await using one = await linkTo(await withUser(broker, 'worker', { read: '^work$' }))
  const { link } = one
  for (const queue of ['work', 'secret']) await admin.link.declareQueue(queue, {})
  const [mine, theirs] = [messageTo('work', 'a'), messageTo('secret', 'b')]
  await admin.link.publish([mine, theirs], false)
  const work = consume(link, 'work')
  await until(() => work.deliveries.length === 1, 'the delivery')
  assert.deepEqual(await link.settle(work.deliveries[0] as Delivery, ok()), { accepted: true })
  await admin.link.cancel(theirs.id)
  assert.deepEqual(
    (await link.outcomes({})).map(({ id }) => id),
    [mine.id],
  )
  assert.deepEqual(
    (await admin.link.outcomes({})).map(({ id }) => id),
    [theirs.id, mine.id],
  )
  assert.equal((await link.answer(mine.id)).state, 'final')
  await assert.rejects(link.answer(theirs.id), refused)
  await assert.rejects(link.publish([messageTo('work', 'c')], false), refused)
  await assert.rejects(link.cancel(mine.id), refused)
  const gather = { id: 'g', memberIds: [mine.id], callback: { name: 'c' } }
  await assert.rejects(link.gather(gather), refused)
  link.whenFinal(theirs.id, () => assert.fail('told'))
  link.watchProgress(theirs.id, () => assert.fail('seen'))
  await until(() => one.problems.length === 2, 'both refusals')
})

test('to pause and to resume takes the right to configure the queue', async () => {
  await using broker = await startBroker({ virtualHosts: ['blue'] })
  await using admin = await linkTo(broker.url)
  await using blue = await linkTo(inVirtualHost(broker.url, 'blue'))
  await using one = await linkTo(
    await withUser(broker, 'keeper', { configure: '^mine', read: '.*', write: '.*' }),
  )
  for (const queue of ['mine', 'theirs']) await admin.link.declareQueue(queue, {})
  await blue.link.declareQueue('mine', {})
  const paused = async ({ link }: TestLink): Promise<readonly string[]> =>
    (await link.queues()).filter((queue) => queue.paused).map(({ name }) => name)
  await one.link.pauseQueue?.('mine')
  for (const act of ['pauseQueue', 'resumeQueue'] as const) {
    await assert.rejects(one.link[act]?.('theirs') as Promise<void>, refused)
    await assert.rejects(one.link[act]?.('mine.none') as Promise<void>, {
      code: 'queue-unknown',
      message: /"mine\.none"/,
    })
    await assert.rejects(one.link[act]?.('homing.port') as Promise<void>, { code: 'bad-name' })
    await assert.rejects(admin.link[act]?.('blue\u001fmine') as Promise<void>, {
      code: 'bad-name',
    })
  }
  assert.deepEqual(await paused(admin), ['mine'])
  assert.deepEqual(await paused(blue), [])
  await one.link.resumeQueue?.('mine')
  assert.deepEqual(await paused(admin), [])
})

test('who comes over a network takes no backup, whatever the tags', async () => {
  await using broker = await startBroker()
  await using admin = await linkTo(broker.url)
  await assert.rejects(admin.link.backup?.('/nowhere/monday') as Promise<unknown>, {
    code: 'access-refused',
    message: /user 'guest' came over a network/,
  })
})

test('a right that is taken away holds from the next call on', async () => {
  await using broker = await startBroker()
  await using admin = await linkTo(broker.url)
  await admin.link.declareQueue('q', {})
  const all = { configure: '.*', write: '.*', read: '.*' }
  await using one = await linkTo(await withUser(broker, 'guest2', all))
  await one.link.publish([messageTo('q', 'a')], false)
  broker.accounts.setPermission({ user: 'guest2', vhost: '/', ...all, write: '^$' })
  // The server may end the session as well.
  await assert.rejects(one.link.publish([messageTo('q', 'b')], false), (error: Error) =>
    ['access-refused', 'connection-lost'].includes(Reflect.get(error, 'code')),
  )
  assert.equal((await admin.link.queues())[0]?.ready, 1)
})

test('the names of one virtual host mean nothing in another one', async () => {
  await using broker = await startBroker({ virtualHosts: ['blue'] })
  await using slash = await linkTo(broker.url)
  await using blue = await linkTo(inVirtualHost(broker.url, 'blue'))
  for (const { link } of [slash, blue]) await link.declareQueue('q', {})
  const id = 'order:1'
  await slash.link.publish([messageTo('q', 'from /', { id })], false)
  const [accepted] = await blue.link.publish([messageTo('q', 'from blue', { id })], false)
  assert.equal(accepted?.duplicate, false)
  const seen = consume(blue.link, 'q')
  await until(() => seen.deliveries.length === 1, 'the delivery')
  const [delivery] = seen.deliveries as [Delivery]
  assert.deepEqual(textsOf(seen), ['from blue'])
  const { message, queue } = delivery
  assert.deepEqual([message.id, message.routingKey, queue], [id, 'q', 'q'])
  await blue.link.settle(delivery, { ...ok(), code: 'rejected' } as Settlement)
  assert.equal((await slash.link.answer(id)).state, 'pending')
  const [outcome] = await blue.link.outcomes({})
  assert.deepEqual([outcome?.id, outcome?.queue], [id, 'q'])
  assert.deepEqual(await slash.link.outcomes({}), [])
  const letters = await blue.link.deadLetters({})
  assert.deepEqual(
    letters.map((letter) => [letter.message.id, letter.queue]),
    [[id, 'q']],
  )
  assert.equal(await slash.link.dropDeadLetters({}), 0)
  const [again] = await blue.link.replayDeadLetters({ ids: [id] })
  await until(() => seen.deliveries.length === 2, 'the replay')
  assert.equal(seen.deliveries[1]?.message.id, again)
  assert.equal(seen.deliveries[1]?.message.meta?.replayOf, id)
  assert.deepEqual(
    (await slash.link.queues()).map(({ name, ready }) => [name, ready]),
    [['q', 1]],
  )
})

test('no name reaches into another virtual host', async () => {
  await using broker = await startBroker({ virtualHosts: ['blue'] })
  await using blue = await linkTo(inVirtualHost(broker.url, 'blue'))
  await using slash = await linkTo(broker.url)
  await blue.link.publish([messageTo('q', 'a', { id: 'i' })], false)
  const { link } = slash
  const [id, queue] = ['blue\u001fi', 'blue\u001fq']
  const bad = (error: Error): boolean =>
    ['bad-name', 'bad-argument'].includes(Reflect.get(error, 'code'))
  await assert.rejects(link.answer(id), bad)
  await assert.rejects(link.cancel(id), bad)
  await assert.rejects(link.purgeQueue(queue), bad)
  await assert.rejects(link.publish([messageTo(queue, 'b')], false), bad)
  await assert.rejects(link.publish([messageTo('q', 'b', { id })], false), bad)
  const callbacks = [{ name: 'blue\u001fc' }]
  await assert.rejects(link.publish([messageTo('q', 'b', { meta: { callbacks } })], false), bad)
  await assert.rejects(link.outcomes({ queue }), bad)
  await assert.rejects(link.declareQueue(queue, {}), bad)
  const deadLetter = { exchange: 'blue\u001fx' }
  await assert.rejects(link.declareQueue('d', { deadLetter }), bad)
  assert.deepEqual(await blue.link.answer('i'), { state: 'pending' })
})

test('names that stand for something else are no queues', async () => {
  await using broker = await startBroker()
  await using one = await linkTo(broker.url)
  for (const name of ['homing.port', 'amq.rabbitmq.reply-to', 'amq.homing.replies.guest']) {
    await assert.rejects(one.link.declareQueue(name, {}), { code: 'bad-name' })
    await assert.rejects(one.link.publish([messageTo(name, 'a')], false), { code: 'bad-name' })
  }
  await assert.rejects(one.link.declareQueue('amq.mine', {}), refused)
  const unknown = messageTo('key', 'a', { exchange: 'nowhere' })
  await assert.rejects(one.link.publish([unknown], false), { code: 'exchange-unknown' })
})

test('nobody sends in the name of another user', async () => {
  await using broker = await startBroker()
  await using one = await linkTo(broker.url)
  const as = (userId: string) =>
    messageTo('q', 'a', { properties: Uint8Array.from(encodeProperties({ userId })) })
  await assert.rejects(one.link.publish([as('somebody')], false), {
    code: 'bad-argument',
    message: /user_id property set to 'somebody' but authenticated user was 'guest'/,
  })
  await one.link.publish([as('guest')], false)
})
