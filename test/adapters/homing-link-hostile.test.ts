/* A logged-in client that wants to make the broker hold or do far more than it sent. */

import assert from 'node:assert/strict'
import { test } from 'node:test'
import type { AmqpConnection } from '../../src/adapters/amqp/connection.ts'
import { openAmqpConnection } from '../../src/adapters/amqp/connection.ts'
import { startBroker } from '../../src/amqp.ts'
import type { ByteWriter } from '../../src/bytes.ts'
import type { Delivery } from '../../src/message/delivery.ts'
import { CallWriter } from '../../src/port-wire/calls.ts'
import { callTypes, portQueue, portVersion } from '../../src/port-wire/frame.ts'
import { FrameBatch } from '../../src/port-wire/frame-batch.ts'
import { consume, linkTo, messageTo, ok, stopReading, until } from './homing-broker.ts'

/** Sends frames that no client of ours would write; resolves with what closed the channel. */
async function refusalOf(
  connection: AmqpConnection,
  write: (batch: FrameBatch) => void,
): Promise<string> {
  const batch = new FrameBatch()
  new CallWriter(batch).hello(portVersion)
  write(batch)
  const channel = await connection.model.createChannel()
  const closed = new Promise<Error>((resolve) => channel.on('error', resolve))
  await channel.consume(portQueue, () => undefined, { noAck: true })
  batch.eachBody((body) => channel.publish('', portQueue, Buffer.from(body)))
  return (await closed).message
}

function frame(batch: FrameBatch, type: number, fill: (writer: ByteWriter) => void): void {
  fill(batch.begin(type))
  batch.end()
}

test('a call of millions of values, messages or bytes of progress is refused before they are made', async () => {
  await using broker = await startBroker()
  const connection = await openAmqpConnection(broker.url)
  const values = `{"id":"g","memberIds":[${'[],'.repeat(1_000_000)}[]]}`
  const gather = await refusalOf(connection, (batch) =>
    frame(batch, callTypes.gather, (writer) => {
      writer.u32(1)
      writer.text(values)
    }),
  )
  assert.match(gather, /406.*over 250000 values/)
  const publish = await refusalOf(connection, (batch) =>
    frame(batch, callTypes.publish, (writer) => {
      writer.u32(1)
      writer.u8(2)
      writer.u32(1_000_000)
      for (let n = 0; n < 1_250_000; n++) writer.f64(0)
    }),
  )
  assert.match(publish, /406.*publish has 1000000 messages/)
  const progress = await refusalOf(connection, (batch) =>
    frame(batch, callTypes.reportProgress, (writer) => {
      writer.f64(1)
      writer.u8(0)
      writer.bytes32(Buffer.alloc(20_000_000))
    }),
  )
  assert.match(progress, /406.*progress value has 20000000 bytes/)
  await connection.close()
})

test('a connection speaks the port on one channel, and on another when that has ended', async () => {
  await using broker = await startBroker()
  const connection = await openAmqpConnection(broker.url)
  const [first, second, third] = await Promise.all(
    Array.from({ length: 3 }, () => connection.model.createChannel()),
  )
  await first?.consume(portQueue, () => undefined, { noAck: true })
  const refused = new Promise<Error>((resolve) => second?.on('error', resolve))
  second?.consume(portQueue, () => undefined, { noAck: true }).catch(() => undefined)
  assert.match((await refused).message, /406.*a second consumer of 'homing\.port'/)
  await first?.close()
  await third?.consume(portQueue, () => undefined, { noAck: true })
  await connection.close()
})

test('the progress of messages is watched by so many, and no more', async () => {
  await using broker = await startBroker()
  await using one = await linkTo(broker.url)
  const stops = Array.from({ length: 10_001 }, () =>
    one.link.watchProgress('busy', () => undefined),
  )
  await one.link.queues()
  assert.equal(one.problems.length, 1)
  assert.match(one.problems[0] ?? '', /watches the progress of 10000 messages, which is the limit/)
  stops[0]?.()
  one.link.watchProgress('busy', () => undefined)
  await one.link.queues()
  assert.equal(one.problems.length, 1)
})

test('thousands of outcomes for a client that reads late are looked up once each', async () => {
  await using broker = await startBroker()
  await using one = await linkTo(broker.url)
  await using other = await linkTo(broker.url)
  const count = 4_000
  const messages = Array.from({ length: count }, (_, n) => messageTo('q', `${n}`))
  await other.link.publish(messages, false)
  const told = new Map<string, number>()
  for (const { id } of messages)
    one.link.whenFinal(id, (outcome) => told.set(outcome.id, (told.get(outcome.id) ?? 0) + 1))
  await one.link.queues()
  const readOn = stopReading(one)
  let lookUps = 0
  const { engine } = broker
  const { answer, whenFinal } = engine
  engine.answer = (id) => {
    lookUps++
    return answer.call(engine, id)
  }
  engine.whenFinal = (id, tell) => {
    lookUps++
    return whenFinal.call(engine, id, tell)
  }
  const work = consume(other.link, 'q', count)
  await until(() => work.deliveries.length === count, 'every delivery')
  const result = ok('x'.repeat(2_000))
  await Promise.all(work.deliveries.map((one: Delivery) => other.link.settle(one, result)))
  assert.ok(told.size < count, 'nothing was late')
  readOn()
  await until(() => told.size === count, 'every outcome')
  assert.ok([...told.values()].every((times) => times === 1))
  assert.ok(lookUps <= 2 * count, `${lookUps} were looked up`)
})

test('texts that are kept are short: of a cancellation, a consumer, a dead letter exchange', async () => {
  await using broker = await startBroker()
  await using one = await linkTo(broker.url)
  const { link } = one
  const message = messageTo('q', 'a')
  await link.publish([message], false)
  const final = new Promise<number>((resolve) =>
    link.whenFinal(message.id, ({ body }) => resolve(body.length)),
  )
  assert.equal(await link.cancel(message.id, '\u0001'.repeat(5_000_000)), true)
  assert.ok((await final) < 30_000, `${await final} bytes are kept`)
  const long = 'x'.repeat(5_000_000)
  link.subscribe(
    'q',
    { prefetch: 1, consumerName: long },
    { deliver: () => undefined, revoke: () => undefined },
  )
  await until(() => one.problems.length === 1, 'the refusal')
  assert.match(one.problems[0] ?? '', /"consumerName" .* too long/)
  await assert.rejects(link.declareQueue('r', { deadLetter: { exchange: long } }), {
    code: 'bad-argument',
    message: /"deadLetter" .* too long/,
  })
})
