/* What waits for whom, when the broker is low on memory or a client does not read. */

import assert from 'node:assert/strict'
import { test } from 'node:test'
import { startBroker } from '../../src/amqp.ts'
import type { Delivery } from '../../src/message/delivery.ts'
import { consume, linkTo, messageTo, ok, stopReading, textsOf, until } from './homing-broker.ts'

const mib = 1024 * 1024

test('while the broker is low on memory publishes wait, in order, and settling goes on', async () => {
  await using broker = await startBroker({ memoryBytesMax: 600 * mib })
  await using one = await linkTo(broker.url)
  const { link } = one
  const seen = consume(link, 'q')
  await link.publish([messageTo('q', 'before')], false)
  await until(() => seen.deliveries.length === 1, 'the delivery')
  let much: Buffer | undefined = Buffer.allocUnsafeSlow(900 * mib)
  // The alarm looks now and then, and is told of by the first publish that is not taken.
  const sent: Promise<unknown>[] = []
  for (let n = 0; one.problems.length === 0; n++) {
    assert.ok(n < 1_000, 'the alarm was never raised')
    sent.push(link.publish([messageTo('q', `${sent.length}`)], false))
    await new Promise((resolve) => setTimeout(resolve, 10))
  }
  assert.match(one.problems[0] ?? '', /takes no messages for now: low on memory/)
  for (let n = 0; n < 10; n++) sent.push(link.publish([messageTo('q', `${sent.length}`)], false))
  let taken = 0
  for (const promise of sent) void promise.then(() => taken++)
  assert.deepEqual(await link.settle(seen.deliveries[0] as Delivery, ok()), { accepted: true })
  assert.deepEqual(await link.answer('nobody'), { state: 'unknown' })
  assert.ok(taken < sent.length - 9, `${taken} of ${sent.length} were taken`)
  assert.equal(much.length, 900 * mib)
  much = undefined
  await Promise.all(sent)
  await until(() => seen.deliveries.length === sent.length + 1, 'every delivery')
  assert.deepEqual(
    textsOf(seen).slice(1),
    sent.map((_, n) => `${n}`),
  )
  assert.equal(one.problems.length, 1)
})

const large = 'x'.repeat(10_000)
/** More than the buffers of both sockets hold. */
const count = 3_000
const waitingBytesMax = 3 * mib

/** Does something while the client does not read; the broker keeps little of it for it. */
async function unread(
  one: Awaited<ReturnType<typeof linkTo>>,
  broker: Awaited<ReturnType<typeof startBroker>>,
  act: () => Promise<void>,
): Promise<void> {
  const readOn = stopReading(one)
  await act()
  for (let n = 0; n < 20; n++) {
    await new Promise((resolve) => setTimeout(resolve, 10))
    for (const { waitingBytes } of broker.connections())
      assert.ok(waitingBytes < waitingBytesMax, `${waitingBytes} bytes wait`)
  }
  readOn()
}

test('a client that does not read is not sent what its prefetch allows, and gets it when it reads', async () => {
  await using broker = await startBroker()
  await using one = await linkTo(broker.url)
  await using other = await linkTo(broker.url)
  const seen = consume(one.link, 'q', 65_535)
  await one.link.queues()
  await unread(one, broker, async () => {
    for (let n = 0; n < count; n++)
      await other.link.publish([messageTo('q', `${n} ${large}`)], false)
    const [stats] = await broker.engine.queues()
    assert.ok((stats?.ready ?? 0) > 0, 'all of it was handed over')
  })
  await until(() => seen.deliveries.length === count, 'every delivery')
  assert.deepEqual(
    textsOf(seen).map((text) => Number.parseInt(text, 10)),
    Array.from({ length: count }, (_, n) => n),
  )
})

test('outcomes and lists wait for a client that does not read, and none is lost', async () => {
  await using broker = await startBroker()
  await using one = await linkTo(broker.url)
  await using other = await linkTo(broker.url)
  const told: string[] = []
  const messages = Array.from({ length: count }, (_, n) => messageTo('q', `${n}`))
  await one.link.publish(messages, false)
  for (const { id } of messages) one.link.whenFinal(id, (outcome) => told.push(outcome.id))
  await one.link.queues()
  const lists: Promise<unknown[]>[] = []
  await unread(one, broker, async () => {
    const seen = consume(other.link, 'q', count)
    await until(() => seen.deliveries.length === count, 'every delivery')
    await Promise.all(seen.deliveries.map((one) => other.link.settle(one, ok(large))))
    for (let n = 0; n < 5; n++)
      lists.push(one.link.outcomes({ limit: count }).then((all) => [...all]))
    for (let n = 0; n < 200; n++) lists.push(one.link.answer('nobody').then((answer) => [answer]))
  })
  await until(() => told.length === count, 'every outcome')
  assert.deepEqual(told.toSorted(), messages.map(({ id }) => id).toSorted())
  const all = await Promise.all(lists)
  assert.deepEqual(
    all.slice(0, 5).map(({ length }) => length),
    Array(5).fill(count),
  )
})

test('progress that nobody reads is let go, and does not stop anything', async () => {
  await using broker = await startBroker()
  await using one = await linkTo(broker.url)
  await using other = await linkTo(broker.url)
  const [message] = [messageTo('q', 'a')]
  await other.link.publish([message], false)
  let seenValues = 0
  one.link.watchProgress(message.id, () => seenValues++)
  await one.link.queues()
  const work = consume(other.link, 'q')
  await until(() => work.deliveries.length === 1, 'the delivery')
  const [delivery] = work.deliveries as [Delivery]
  await unread(one, broker, async () => {
    for (let n = 0; n < count; n++) {
      other.link.reportProgress(delivery, Buffer.from(large), 'text/plain')
      if (n % 50 === 0) await other.link.queues()
    }
  })
  await until(() => seenValues > 0, 'some progress')
  assert.ok(seenValues < count, 'all of it was kept')
  assert.deepEqual(await other.link.settle(delivery, ok()), { accepted: true })
})

test('a list that was begun waits for a client that does not read', async () => {
  await using broker = await startBroker()
  await using one = await linkTo(broker.url)
  await using other = await linkTo(broker.url)
  await other.link.publish(
    Array.from({ length: count }, () => messageTo('q', 'a')),
    false,
  )
  const work = consume(other.link, 'q', count)
  await until(() => work.deliveries.length === count, 'every delivery')
  await Promise.all(work.deliveries.map((delivery) => other.link.settle(delivery, ok(large))))
  const lists: Promise<readonly unknown[]>[] = []
  await unread(one, broker, async () => {
    for (let n = 0; n < 3; n++) lists.push(one.link.outcomes({ limit: count }))
  })
  for (const list of await Promise.all(lists)) assert.equal(list.length, count)
})
