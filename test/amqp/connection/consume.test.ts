import assert from 'node:assert/strict'
import { Buffer } from 'node:buffer'
import { test } from 'node:test'
import { decodeProperties, encodeProperties } from '../../../src/amqp/protocol/properties.ts'
import { Trial, type TrialClient, table } from './trial.ts'

/** A channel with a queue `q` of so many messages: a, b, c … */
async function withQueue(count = 0, channels = 1): Promise<TrialClient> {
  const trial = await Trial.open()
  const client = await trial.connected(channels)
  client.declare(1, 'q')
  for (const letter of 'abcdefghij'.slice(0, count)) client.publish(1, 'q', letter)
  await client.hears()
  return client
}

/** Bodies of what was delivered, with R for redelivered. */
const delivered = (lines: readonly string[]): string =>
  lines
    .filter((line) => /basic\.(deliver|get-ok)/.test(line))
    .map((line) => `${/"(.*)"/.exec(line)?.[1]}${/ true( \d+)? "/.test(line) ? 'R' : ''}`)
    .join(' ')

const names = (lines: readonly string[]): readonly string[] =>
  lines.map((line) => line.split(' ')[1] ?? '')

test('consume-ok comes before the first delivery, and tags count from one', async () => {
  const client = await withQueue(2)
  client.consume(1, 'q', 't')
  assert.deepEqual(await client.hears(), [
    '1 basic.consume-ok t',
    '1 basic.deliver t 1 false "a"',
    '1 basic.deliver t 2 false "b"',
  ])
})

test('a consumer without a tag is given one', async () => {
  const client = await withQueue()
  client.consume(1, 'q', '').consume(1, 'q', '')
  const [first, second] = await client.hears()
  assert.match(first ?? '', /^1 basic\.consume-ok amq\.ctag-[\w-]{22}$/)
  assert.notEqual(first, second)
})

test('a tag belongs to one consumer of the channel', async () => {
  const client = await withQueue(0, 2)
  client.consume(1, 'q', 't').consume(2, 'q', 't').consume(1, 'q', 't')
  assert.deepEqual((await client.hears()).slice(2), [
    "0 connection.close 530 NOT_ALLOWED - attempt to reuse consumer tag 't' 60 20",
  ])
})

test('a tag whose consumer was refused or cancelled is free', async () => {
  const client = await withQueue(0, 2)
  client.consume(1, 'q', 't')
  client.send(1, { name: 'basic.cancel', consumerTag: 't', nowait: false }).consume(1, 'q', 't')
  assert.deepEqual(names(await client.hears()), [
    'basic.consume-ok',
    'basic.cancel-ok',
    'basic.consume-ok',
  ])
})

test('get and deliver share their tags, with and without acknowledgement', async () => {
  const client = await withQueue(4)
  client.get(1, 'q', true).get(1, 'q').consume(1, 'q', 't')
  assert.deepEqual(await client.hears(), [
    '1 basic.get-ok 1 false 3 "a"',
    '1 basic.get-ok 2 false 2 "b"',
    '1 basic.consume-ok t',
    '1 basic.deliver t 3 false "c"',
    '1 basic.deliver t 4 false "d"',
  ])
  client.ack(1, 1)
  assert.match((await client.hears())[0] ?? '', /406 PRECONDITION_FAILED - unknown delivery tag 1 /)
})

test('tag 0 means all with multiple, also when there are none, and nothing without', async () => {
  const client = await withQueue(2)
  client.ack(1, 0, true).consume(1, 'q', 't').ack(1, 0, true)
  assert.equal(delivered(await client.hears()), 'a b')
  client.get(1, 'q').ack(1, 0)
  assert.match((await client.hears()).at(-1) ?? '', /406 .*unknown delivery tag 0 60 80/)
})

test('what is settled twice is unknown the second time, multiple or not', async () => {
  for (const multiple of [false, true]) {
    const client = await withQueue(3)
    client.consume(1, 'q', 't').flush().ack(1, 2).ack(1, 2, multiple)
    assert.match((await client.hears()).at(-1) ?? '', /406 .*unknown delivery tag 2 60 80/)
  }
})

test('what goes back stands at its old place: 1R 3R 4R 5 6', async () => {
  const client = await withQueue(6)
  for (let n = 0; n < 4; n++) client.get(1, 'q')
  client.nack(1, 4).nack(1, 1).ack(1, 2).nack(1, 3)
  await client.hears()
  for (let n = 0; n < 5; n++) client.get(1, 'q', true)
  assert.equal(delivered(await client.hears()), 'aR cR dR e f')
})

test('a channel that closes gives back what it held, in the old order', async () => {
  const client = await withQueue(4, 2)
  client.qos(1, 3).consume(1, 'q', 't')
  assert.equal(delivered(await client.hears()), 'a b c')
  client.closeChannel(1)
  for (let n = 0; n < 4; n++) client.get(2, 'q', true)
  assert.equal(delivered(await client.hears()), 'aR bR cR d')
})

test('acknowledgements that came just before the close count', async () => {
  const client = await withQueue(3, 2)
  client.consume(1, 'q', 't')
  await client.hears()
  client.ack(1, 2, true).closeChannel(1).get(2, 'q', true).get(2, 'q', true)
  assert.equal(delivered(await client.hears()), 'cR')
})

test('prefetch is for each consumer that begins after it', async () => {
  const client = await withQueue(6)
  client.qos(1, 2).consume(1, 'q', 't')
  assert.equal(delivered(await client.hears()), 'a b')
  client.qos(1, 1).consume(1, 'q', 'u')
  assert.equal(delivered(await client.hears()), 'c')
  client.ack(1, 1)
  assert.deepEqual(await client.hears(), ['1 basic.deliver t 4 false "d"'])
})

test('global prefetch is shared by the consumers of the channel', async () => {
  const client = await withQueue(6)
  client.declare(1, 'r')
  for (const letter of 'uvw') client.publish(1, 'r', letter)
  client.qos(1, 3, true).consume(1, 'q', 't').consume(1, 'r', 'u')
  assert.equal(delivered(await client.hears()), 'a b c')
  client.ack(1, 2, true)
  assert.equal(delivered(await client.hears()).split(' ').length, 2)
  client.qos(1, 0, true)
  assert.equal(delivered(await client.hears()).split(' ').length, 4)
})

test('global prefetch is nothing to a consumer that acknowledges nothing', async () => {
  const client = await withQueue(4)
  client.qos(1, 1, true).consume(1, 'q', 't').consume(1, 'q', 'u', true)
  assert.equal(delivered(await client.hears()), 'a b c d')
})

test('global prefetch holds for each consumer as well as for all', async () => {
  const client = await withQueue(6)
  client.qos(1, 1).qos(1, 2, true).consume(1, 'q', 't').consume(1, 'q', 'u').consume(1, 'q', 'v')
  assert.equal(delivered(await client.hears()), 'a b')
})

test('prefetch of its own lifts the global one, as in RabbitMQ', async () => {
  const client = await withQueue(4)
  client.qos(1, 1, true).consume(1, 'q', 't')
  assert.equal(delivered(await client.hears()), 'a')
  client.qos(1, 1)
  assert.equal(delivered(await client.hears()), 'b c d')
})

test('what was got does not count for prefetch', async () => {
  const client = await withQueue(4)
  client.get(1, 'q').qos(1, 2, true).consume(1, 'q', 't')
  assert.equal(delivered(await client.hears()), 'a b c')
})

test('where RabbitMQ 4.3 is the measure, global prefetch is each consumer’s own', async () => {
  const trial = await Trial.open({ compat: 'rabbitmq-4.3' })
  const client = await trial.connected()
  client.declare(1, 'q', { durable: true })
  for (const letter of 'abcd') client.publish(1, 'q', letter)
  client.qos(1, 1, true).consume(1, 'q', 't').consume(1, 'q', 'u')
  assert.equal(delivered(await client.hears()), 'a b')
})

test('prefetch by bytes is not implemented', async () => {
  const client = await withQueue()
  client.send(1, { name: 'basic.qos', prefetchSize: 5, prefetchCount: 0, global: false })
  assert.deepEqual(await client.hears(), [
    '0 connection.close 540 NOT_IMPLEMENTED - prefetch_size!=0 (5) 60 10',
  ])
})

test('nothing is delivered after cancel-ok; what was delivered can be settled', async () => {
  const client = await withQueue(3)
  client.qos(1, 2).consume(1, 'q', 't')
  await client.hears()
  client.send(1, { name: 'basic.cancel', consumerTag: 't', nowait: false }).ack(1, 1).nack(1, 2)
  assert.deepEqual(await client.hears(), ['1 basic.cancel-ok t'])
  client.get(1, 'q', true).get(1, 'q', true)
  assert.equal(delivered(await client.hears()), 'bR c')
})

test('cancel-ok comes before the first delivery to the consumer that takes its place', async () => {
  const trial = await Trial.open()
  const client = await trial.connected()
  client.declare(1, 'q', { args: table({ 'x-single-active-consumer': true }) })
  client.send(1, { name: 'basic.qos', prefetchSize: 0, prefetchCount: 1, global: false })
  client.publish(1, 'q', 'a').publish(1, 'q', 'b').consume(1, 'q', 't').consume(1, 'q', 'u')
  await client.hears()
  client.send(1, { name: 'basic.cancel', consumerTag: 't', nowait: false })
  assert.deepEqual(await client.hears(), ['1 basic.cancel-ok t', '1 basic.deliver u 2 false "b"'])
})

test('cancelling what is not there is fine', async () => {
  const client = await withQueue()
  client.send(1, { name: 'basic.cancel', consumerTag: 'none', nowait: false })
  assert.deepEqual(await client.hears(), ['1 basic.cancel-ok none'])
})

test('a consumer whose queue is deleted is cancelled, behind delete-ok on its own channel', async () => {
  const deleteQ = { name: 'queue.delete', queue: 'q', ifUnused: false, ifEmpty: false } as const
  const client = await withQueue(1, 2)
  client.consume(1, 'q', 't').consume(2, 'q', 'u')
  await client.hears()
  client.send(1, { ...deleteQ, nowait: false })
  assert.deepEqual((await client.hears()).sort(), [
    '1 basic.cancel t true',
    '1 queue.delete-ok 0',
    '2 basic.cancel u true',
  ])
  client.ack(1, 1).consume(1, 'q', 't')
  assert.match((await client.hears())[0] ?? '', /404 NOT_FOUND/)
})

test('a client that does not know of such cancels is not told', async () => {
  const trial = await Trial.open()
  const client = await trial.connected(1, table())
  client.declare(1, 'q').consume(1, 'q', 't')
  client.send(1, {
    name: 'queue.delete',
    queue: 'q',
    ifUnused: false,
    ifEmpty: false,
    nowait: true,
  })
  assert.deepEqual(await client.hears(), ['1 queue.declare-ok q 0 0', '1 basic.consume-ok t'])
})

test('recover brings all unsettled ones again, behind its answer', async () => {
  const client = await withQueue(2)
  client.consume(1, 'q', 't')
  await client.hears()
  client.send(1, { name: 'basic.recover', requeue: true })
  assert.deepEqual(await client.hears(), [
    '1 basic.recover-ok',
    '1 basic.deliver t 3 true "a"',
    '1 basic.deliver t 4 true "b"',
  ])
  client.send(1, { name: 'basic.recover-async', requeue: true })
  assert.equal(delivered(await client.hears()), 'aR bR')
  client.send(1, { name: 'basic.recover', requeue: false })
  assert.deepEqual(await client.hears(), [
    '0 connection.close 540 NOT_IMPLEMENTED - requeue=false 60 110',
  ])
})

test('a rejected message is gone, one that is sent back comes again', async () => {
  const client = await withQueue(2)
  client.qos(1, 1).consume(1, 'q', 't')
  await client.hears()
  client.send(1, { name: 'basic.reject', deliveryTag: 1, requeue: true })
  assert.equal(delivered(await client.hears()), 'aR')
  client.send(1, { name: 'basic.reject', deliveryTag: 2, requeue: false })
  assert.equal(delivered(await client.hears()), 'b')
})

test('a consumer without acknowledgement holds nothing', async () => {
  const client = await withQueue(3)
  client.qos(1, 1).consume(1, 'q', 't', true)
  assert.equal(delivered(await client.hears()), 'a b c')
  client.ack(1, 0, true).ack(1, 1)
  assert.match((await client.hears())[0] ?? '', /unknown delivery tag 1 /)
})

test('a consumer that settles nothing in its time costs its channel, and the message comes again', async () => {
  const client = await withQueue(1, 2)
  client.send(1, {
    name: 'basic.consume',
    queue: 'q',
    consumerTag: 't',
    noLocal: false,
    noAck: false,
    exclusive: false,
    nowait: false,
    args: table({ 'x-consumer-timeout': 60_000 }),
  })
  assert.equal(delivered(await client.hears()), 'a')
  assert.match((await client.hears(120_000))[0] ?? '', /^1 channel\.close 406 .*timed out.* 0 0$/)
  client.get(2, 'q')
  assert.equal(delivered(await client.hears()), 'aR')
})

test('a reply comes straight to who asked, on the channel it asked on', async () => {
  const client = await withQueue(0, 2)
  const replies = 'amq.rabbitmq.reply-to'
  client.consume(1, replies, 'replies', true)
  client.send(1, {
    name: 'basic.publish',
    exchange: '',
    routingKey: 'q',
    mandatory: false,
    immediate: false,
  })
  const properties = encodeProperties({ replyTo: replies, correlationId: 'c1' })
  client.writer.content(1, properties, Buffer.from('ask'), 131_072)
  let address = ''
  client.consume(2, 'q', 'server', true)
  client.onContent = (bytes) => {
    address ||= decodeProperties(bytes).replyTo ?? ''
  }
  assert.deepEqual(delivered(await client.hears()), 'ask')
  assert.match(address, /^amq\.rabbitmq\.reply-to\../)
  client.publish(2, address, 'answer')
  assert.deepEqual(await client.hears(), ['1 basic.deliver replies 1 false "answer"'])
})
