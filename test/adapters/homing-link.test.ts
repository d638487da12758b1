import assert from 'node:assert/strict'
import { test } from 'node:test'
import type { ConsumeMessage } from 'amqplib'
import { openAmqpConnection } from '../../src/adapters/amqp/connection.ts'
import { openHomingLink } from '../../src/adapters/amqp/homing-link.ts'
import { startBroker } from '../../src/amqp.ts'
import type { Delivery } from '../../src/message/delivery.ts'
import type { Settlement } from '../../src/message/settlement.ts'
import { CallWriter } from '../../src/port-wire/calls.ts'
import { portQueue, portVersion } from '../../src/port-wire/frame.ts'
import { FrameBatch } from '../../src/port-wire/frame-batch.ts'
import { consume, linkTo, messageTo, ok, socketOf, stopReading, until } from './homing-broker.ts'

/** A body with these calls. */
function bodyOf(write: (calls: CallWriter) => void): Buffer {
  const batch = new FrameBatch()
  write(new CallWriter(batch))
  const bodies: Buffer[] = []
  batch.eachBody((body) => bodies.push(Buffer.from(body)))
  return Buffer.concat(bodies)
}

const hello = bodyOf((calls) => calls.hello(portVersion))

test('a call that the server does not know is refused here, and the link goes on', async () => {
  await using broker = await startBroker()
  // As a server of an earlier version, whose hello names no such calls.
  Object.assign(broker.engine, { pauseQueue: undefined, resumeQueue: undefined, backup: undefined })
  await using one = await linkTo(broker.url)
  const { link } = one
  await link.publish([messageTo('q', 'a')], false)
  const work = consume(link, 'q')
  await until(() => work.deliveries.length === 1, 'the delivery')
  for (const asked of [link.pauseQueue?.('q'), link.resumeQueue?.('q'), link.backup?.('/b')]) {
    await assert.rejects(asked as Promise<unknown>, {
      code: 'unsupported',
      message: /does not take the call \w+, its version is older/,
    })
  }
  assert.deepEqual(await link.settle(work.deliveries[0] as Delivery, ok()), { accepted: true })
  assert.deepEqual(work.revoked, [])
})

test('bytes that are no calls close their channel with 406, and nothing else', async () => {
  await using broker = await startBroker()
  const other = await linkTo(broker.url)
  const connection = await openAmqpConnection(broker.url)
  const bad = {
    nonsense: [Buffer.from('nonsense')],
    'no hello': [bodyOf((calls) => calls.begun(1))],
    'hello twice': [hello, hello],
    'another version': [bodyOf((calls) => calls.hello(99))],
    'half a frame': [hello, bodyOf((calls) => calls.answer(1, 'id')).subarray(0, 7)],
    'half a piece': [hello, Buffer.from([2, 4, 0, 0, 0, 1, 2, 3, 4]), hello],
  }
  for (const [what, bodies] of Object.entries(bad)) {
    const channel = await connection.model.createChannel()
    const closed = new Promise<Error>((resolve) => channel.on('error', resolve))
    await channel.consume(portQueue, () => undefined, { noAck: true })
    for (const body of bodies) channel.publish('', portQueue, body)
    const error = await closed
    assert.equal(Reflect.get(error, 'code'), 406, `${what}: ${error.message}`)
    if (what === 'another version') assert.match(error.message, /version 99.*version 1/)
  }
  await other.link.publish([messageTo('q', 'still here')], false)
  await connection.close()
  await other.link.close()
})

test('the port is refused to who acknowledges, consumes twice, or has no consumer', async () => {
  await using broker = await startBroker()
  const connection = await openAmqpConnection(broker.url)
  const refused = async (
    act: (channel: Awaited<ReturnType<typeof connection.model.createChannel>>) => Promise<unknown>,
    text: RegExp,
  ): Promise<void> => {
    const channel = await connection.model.createChannel()
    const closed = new Promise<Error>((resolve) => channel.on('error', resolve))
    act(channel).catch(() => undefined)
    assert.match((await closed).message, text)
  }
  await refused((channel) => channel.consume(portQueue, () => undefined), /cannot acknowledge/)
  await refused(async (channel) => {
    await channel.consume(portQueue, () => undefined, { noAck: true })
    await channel.consume(portQueue, () => undefined, { noAck: true })
  }, /second consumer/)
  await refused(async (channel) => channel.publish('', portQueue, hello), /before publishing/)
  await connection.close()
})

test('a client of another version is told which one the server speaks', async () => {
  await using broker = await startBroker()
  const connection = await openAmqpConnection(broker.url)
  const channel = await connection.model.createChannel()
  channel.on('error', () => undefined)
  const events: ConsumeMessage[] = []
  await channel.consume(portQueue, (event) => event && events.push(event), { noAck: true })
  channel.publish('', portQueue, hello)
  await until(() => events.length === 1, 'the greeting')
  assert.equal(events[0]?.content.readUInt16LE(5), portVersion)
  await connection.close()
})

test('when the connection is lost, its deliveries go to others at once', async () => {
  await using broker = await startBroker()
  const first = await linkTo(broker.url)
  await using second = await linkTo(broker.url)
  await first.link.declareQueue('q', {})
  const held = consume(first.link, 'q')
  await first.link.publish([messageTo('q', 'a'), messageTo('q', 'b')], false)
  await until(() => held.deliveries.length === 2, 'two deliveries')
  const lost = { code: 'connection-lost' }
  const asked = assert.rejects(first.link.answer('id'), lost)
  socketOf(first).destroy(new Error('cut'))
  const settling = first.link.settle(held.deliveries[0] as Delivery, ok())
  await Promise.all([asked, assert.rejects(settling, lost)])
  assert.equal((await first.link.lost).code, 'connection-lost')
  await assert.rejects(first.link.queues(), lost)
  await assert.rejects(first.link.publish([messageTo('q', 'c')], true), lost)
  const taken = consume(second.link, 'q')
  await until(() => taken.deliveries.length === 2, 'the same deliveries')
  assert.ok(taken.deliveries.every(({ redelivered, attempt }) => redelivered && attempt === 2))
  assert.deepEqual(held.revoked, [])
  first.link.whenFinal('id', () => assert.fail('told after the loss'))()
  consume(first.link, 'q').stop()
})

test('a link that is closed gives back what it holds before it says so', async () => {
  await using broker = await startBroker()
  const { link } = await linkTo(broker.url)
  const seen = consume(link, 'q')
  await link.publish([messageTo('q', 'a')], false)
  await until(() => seen.deliveries.length === 1, 'the delivery')
  await link.close()
  const [stats] = await broker.engine.queues()
  assert.deepEqual([stats?.ready, stats?.unsettled, stats?.consumers], [1, 0, 0])
  assert.equal((await link.lost).code, 'closed')
})

test('a delivery settled twice, or after it was taken away, says who was first', async () => {
  await using broker = await startBroker()
  await using one = await linkTo(broker.url)
  const { link } = one
  const seen = consume(link, 'q')
  const [a, b] = [messageTo('q', 'a'), messageTo('q', 'b')]
  await link.publish([a, b], false)
  await until(() => seen.deliveries.length === 2, 'two deliveries')
  const [first, second] = seen.deliveries as Delivery[]
  const both = await Promise.all([
    link.settle(first as Delivery, ok()),
    link.settle(first as Delivery, ok('2')),
  ])
  assert.deepEqual(both, [{ accepted: true }, { accepted: false, by: 'settled' }])
  assert.deepEqual(await link.settle(first as Delivery, ok()), { accepted: false, by: 'settled' })
  // The cancellation and the answer cross each other.
  const [canceled, late] = await Promise.all([
    link.cancel(b.id),
    link.settle(second as Delivery, ok()),
  ])
  assert.notEqual(canceled, late.accepted)
  await assert.rejects(link.settle({ ...first } as Delivery, ok()), {
    code: 'bad-argument',
  })
})

test('a wrong settlement leaves the delivery held', async () => {
  await using broker = await startBroker()
  await using one = await linkTo(broker.url)
  const seen = consume(one.link, 'q')
  await one.link.publish([messageTo('q', 'a')], false)
  await until(() => seen.deliveries.length === 1, 'the delivery')
  const [delivery] = seen.deliveries as Delivery[]
  const wrong = { ...ok(), code: 'x'.repeat(300) } as Settlement
  await assert.rejects(one.link.settle(delivery as Delivery, wrong), { code: 'bad-name' })
  assert.deepEqual(await one.link.settle(delivery as Delivery, ok()), { accepted: true })
})

test('what is sent again and has arrived is no duplicate, unless its id was chosen', async () => {
  await using broker = await startBroker()
  await using one = await linkTo(broker.url)
  const minted = '01a1fed6-3810-706e-89cb-0717d53b20f4'
  const free = messageTo('q', 'a', { id: minted, idChosen: false })
  const chosen = messageTo('q', 'b')
  const duplicates = async (again: boolean): Promise<boolean[]> => {
    const single = await Promise.all(
      [free, chosen].map((message) => one.link.publish([message], again)),
    )
    return single.flat().map(({ duplicate }) => duplicate)
  }
  assert.deepEqual(await duplicates(false), [false, false])
  assert.deepEqual(await duplicates(true), [false, true])
  const many = await one.link.publish([free, chosen, messageTo('q', 'c')], true)
  assert.deepEqual(
    many.map(({ duplicate }) => duplicate),
    [false, true, false],
  )
  // Nobody else's message takes its place, whatever a client says of its id.
  const forged = await one.link.publish([{ ...free, body: Buffer.from('forged') }], false)
  assert.equal(forged[0]?.duplicate, true)
  const [stats] = await broker.engine.queues()
  assert.equal(stats?.ready, 3)
})

test('what comes for a consumer that has stopped is given back as never delivered', async () => {
  await using broker = await startBroker()
  await using one = await linkTo(broker.url)
  await using other = await linkTo(broker.url)
  const seen = consume(one.link, 'q')
  await one.link.queues()
  const readOn = stopReading(one)
  await other.link.publish([messageTo('q', 'a')], false)
  seen.stop()
  readOn()
  const taken = consume(other.link, 'q')
  await until(() => taken.deliveries.length === 1, 'the delivery')
  assert.deepEqual(seen.deliveries, [])
})

test('a consumer that throws loses nothing but its own delivery', async () => {
  await using broker = await startBroker()
  await using one = await linkTo(broker.url)
  const deliver = (): void => {
    throw new Error('clumsy')
  }
  one.link.subscribe('q', { prefetch: 1 }, { deliver, revoke: () => undefined })
  await one.link.publish([messageTo('q', 'a')], false)
  await until(() => one.problems.length === 1, 'the problem')
  assert.match(one.problems[0] ?? '', /queue "q" threw.*clumsy/)
  await one.link.publish([messageTo('r', 'b')], false)
})

test('what cannot be written is refused at once, and the link goes on', async () => {
  await using broker = await startBroker()
  await using one = await linkTo(broker.url)
  const wrong = { code: 'bad-argument' }
  await assert.rejects(one.link.publish([messageTo('q', '', { id: 7 as never })], false), wrong)
  await assert.rejects(one.link.answer(7 as never), wrong)
  await assert.rejects(one.link.declareQueue('q', { depthMax: 'a' as never }), wrong)
  await assert.rejects(one.link.declareQueue('q', { shape: 'round' } as never), {
    code: 'unsupported',
  })
  await assert.rejects(one.link.publish([messageTo('q', '', { priority: 300 })], false), wrong)
  await assert.rejects(
    one.link.publish([messageTo('q', '', { meta: { replayOf: 'x' } })], false),
    wrong,
  )
  await assert.rejects(
    one.link.publish(
      [messageTo('q', '', { meta: { callbacks: [{ name: '\u0001notify', queue: 'x' }] } })],
      false,
    ),
    wrong,
  )
  assert.deepEqual(await one.link.answer('nobody'), { state: 'unknown' })
})

test('a link that nobody greets is given up', async () => {
  await using broker = await startBroker()
  const connection = await openAmqpConnection(broker.url)
  const rejected = assert.rejects(openHomingLink(connection), { code: 'connection-lost' })
  await broker.close()
  await rejected
})

test('when its queue is deleted, a consumer is told, and what it holds is taken away', async () => {
  await using broker = await startBroker()
  await using one = await linkTo(broker.url)
  const seen = consume(one.link, 'q')
  await one.link.publish([messageTo('q', 'a')], false)
  await until(() => seen.deliveries.length === 1, 'the delivery')
  const channel = await one.connection.model.createChannel()
  await channel.deleteQueue('q')
  await until(() => one.problems.length === 1, 'the news')
  assert.match(one.problems[0] ?? '', /consumer of queue "q" is over.*deleted/)
  const [delivery] = seen.deliveries as [Delivery]
  const late = await one.link.settle(delivery, ok())
  assert.deepEqual(late, { accepted: false, by: 'canceled' })
})

test('a channel that ends while calls are written loses the link, and nothing is thrown', async () => {
  await using broker = await startBroker()
  const { link } = await linkTo(broker.url)
  const calls = Array.from({ length: 50 }, async (_, n) => {
    await new Promise((resolve) => setTimeout(resolve, n % 5))
    return link.answer(`${n}`)
  })
  const ended = Promise.allSettled(calls)
  await broker.close()
  for (const call of await ended) {
    const isLoss = call.status === 'rejected' && call.reason.code === 'connection-lost'
    assert.ok(isLoss || call.status === 'fulfilled')
  }
  await link.close()
})
