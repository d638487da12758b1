/* What a served broker tells a collector of the messages that carry a trace. */

import assert from 'node:assert/strict'
import { test } from 'node:test'
import { context, propagation } from '@opentelemetry/api'
import amqplib from 'amqplib'
import { homing, queue } from '../../src/index.ts'
import { type TestServer, testServer } from '../amqp/server/test-server.ts'
import { httpTestServer } from '../http/http-server.ts'
import { Collector } from './collector.ts'
import { idOf, named, parentOf, recordSpans, takenSpans, within } from './recorded-spans.ts'

recordSpans()

const job = queue('job', { retry: { attempts: 2, backoff: '1ms' } })
const sampled = '00-0af7651916cd43dd8448eb211c80319c-b7ad6b7169203331-01'

const urlOf = ({ port, adminPassword }: TestServer): string =>
  `amqp://admin:${adminPassword}@127.0.0.1:${port}`

const millisOf = (nanos: string): number => Number(BigInt(nanos) / 1_000_000n)

test('one trace has the producer, the broker, the consumer and the callback', async () => {
  takenSpans()
  await using collector = await Collector.start()
  const before = Date.now()
  {
    await using server = await testServer({ tracing: { endpoint: collector.endpoint } })
    await using producer = await homing(urlOf(server), { traces: true })
    await using worker = await homing(urlOf(server), { traces: true })
    const told = Promise.withResolvers<void>()
    const callback = producer.callback('done', job, () => told.resolve())
    worker.consume(job, ({ attempt }) => {
      if (attempt === 1) throw new Error('the secret is hunter2')
      return 'done'
    })
    await within('request', () =>
      producer.send(job, { password: 'hunter2' }, { id: 'order-1', callback }),
    )
    await told.promise
  }
  const mine = takenSpans()
  const sent = named(mine, 'send job')
  const [first, second] = mine.filter(({ name }) => name === 'process job')
  assert.ok(first && second)
  assert.equal(parentOf(named(mine, 'callback callback:done')), idOf(sent))
  const facts = collector.spans.map(({ name, attributes }) => [
    name,
    attributes['homing.attempt'],
    attributes['homing.settlement'],
    attributes['homing.outcome'],
    attributes['error.type'],
  ])
  assert.deepEqual(facts, [
    ['queue job', '1', undefined, undefined, undefined],
    ['deliver job', '1', 'retry', undefined, 'thrown'],
    ['queue job', '2', undefined, undefined, undefined],
    ['deliver job', '2', 'settled', undefined, undefined],
    ['outcome job', undefined, undefined, 'ok', undefined],
  ])
  for (const span of collector.spans) {
    assert.equal(span.parentSpanId, idOf(sent))
    assert.equal(span.traceId, sent.spanContext().traceId)
    assert.equal(span.attributes['messaging.message.id'], 'order-1')
    assert.match(span.spanId, /^[\da-f]{16}$/)
    const [from, to] = [millisOf(span.startTimeUnixNano), millisOf(span.endTimeUnixNano)]
    assert.ok(before - 1 <= from && from <= to && to <= Date.now() + 1, `${from} to ${to}`)
  }
  assert.equal(new Set(collector.spans.map(({ spanId }) => spanId)).size, 5)
  assert.equal(collector.services[0], 'homing')
  assert.doesNotMatch(JSON.stringify(collector.spans), /hunter2/)
})

test('messages of instrumented RabbitMQ clients have spans, too, delivered with and without acknowledgement', async () => {
  takenSpans()
  await using collector = await Collector.start()
  {
    await using server = await testServer({ tracing: { endpoint: collector.endpoint } })
    const connection = await amqplib.connect(urlOf(server))
    const channel = await connection.createConfirmChannel()
    await channel.assertQueue('orders')
    await channel.assertQueue('passing', { durable: false })
    const handedOver = Promise.withResolvers<unknown>()
    await channel.consume('passing', handedOver.resolve, { noAck: true })
    await within('pika send', async () => {
      const headers: Record<string, string> = {}
      propagation.inject(context.active(), headers)
      channel.sendToQueue('orders', Buffer.from('1'), { headers, persistent: true })
      channel.sendToQueue('passing', Buffer.from('1'), { headers })
      await channel.waitForConfirms()
    })
    await handedOver.promise
    const got = await channel.get('orders')
    assert.ok(got)
    channel.nack(got)
    const again = await channel.get('orders')
    assert.ok(again)
    channel.ack(again)
    await connection.close()
  }
  const sender = idOf(named(takenSpans(), 'pika send'))
  for (const { parentSpanId } of collector.spans) assert.equal(parentSpanId, sender)
  assert.deepEqual(
    collector.spans.map(({ name, attributes }) => `${name} ${attributes['homing.attempt']}`).sort(),
    ['deliver orders 1', 'deliver orders 2', 'queue orders 1', 'queue orders 2', 'queue passing 1'],
  )
  // Sampled, and its parent is another process's.
  for (const { flags } of collector.spans) assert.equal(flags, 0x301)
})

test('the span of a delivery says how it ended: settled, returned, rejected, or lost with its channel', async () => {
  await using collector = await Collector.start()
  {
    await using server = await testServer({ tracing: { endpoint: collector.endpoint } })
    const connection = await amqplib.connect(urlOf(server))
    const lost = await connection.createChannel()
    await lost.assertQueue('orders')
    const options = { headers: { traceparent: sampled }, replyTo: 'r', correlationId: 'o-1' }
    lost.sendToQueue('orders', Buffer.from('plain'), { headers: { traceparent: sampled } })
    lost.sendToQueue('orders', Buffer.from('request'), options)
    for (let n = 0; n < 2; n++) assert.ok(await lost.get('orders'))
    await lost.close()
    const channel = await connection.createChannel()
    for (const isRequeued of [true, false]) {
      const got = [await channel.get('orders'), await channel.get('orders')]
      for (const message of got) if (message) channel.nack(message, false, isRequeued)
    }
    await channel.close()
    await connection.close()
  }
  const ends = collector.spans
    .filter(({ name }) => name === 'deliver orders')
    .map(({ attributes }) => [
      attributes['messaging.message.id'] ?? 'plain',
      attributes['homing.attempt'],
      attributes['homing.settlement'],
      attributes['error.type'],
    ])
  const ofEach = (id: string) => [
    [id, '1', 'revoked', 'connection-lost'],
    [id, '2', 'return', undefined],
    [id, '3', 'reject', 'rejected'],
  ]
  assert.deepEqual(ends.sort(), [...ofEach('o-1'), ...ofEach('plain')])
  const outcome = collector.spans.find(({ name }) => name === 'outcome orders')
  assert.equal(outcome?.attributes['homing.outcome'], 'rejected')
})

test('messages without a trace, with one that is not sampled, or with none that can be read have no span', async () => {
  await using collector = await Collector.start()
  {
    await using server = await testServer({ tracing: { endpoint: collector.endpoint } })
    const connection = await amqplib.connect(urlOf(server))
    const channel = await connection.createChannel()
    await channel.assertQueue('orders')
    const zero = '0'.repeat(32)
    const traceparents = [
      sampled.replace(/01$/, '00'),
      sampled.replace(/^00/, 'ff'),
      sampled.replace(/-.{32}-/, `-${zero}-`),
      `${sampled}-more`,
      'x'.repeat(20_000),
      sampled.toUpperCase(),
      7,
    ]
    channel.sendToQueue('orders', Buffer.from('1'), {})
    for (const traceparent of traceparents)
      channel.sendToQueue('orders', Buffer.from('1'), { headers: { traceparent } })
    for (let n = 0; n <= traceparents.length; n++) assert.ok(await channel.get('orders'))
    await connection.close()
  }
  assert.equal(collector.requests, 0)
})

async function publishTraced(server: TestServer, count: number): Promise<void> {
  const connection = await amqplib.connect(urlOf(server))
  const channel = await connection.createConfirmChannel()
  await channel.assertQueue('orders')
  for (let n = 0; n < count; n++)
    channel.sendToQueue('orders', Buffer.from('1'), { headers: { traceparent: sampled } })
  await channel.waitForConfirms()
  for (let n = 0; n < count; n++) assert.ok(await channel.get('orders', { noAck: true }))
  await connection.close()
}

test('while the collector is away messages go on, and what was not taken is counted at the end', async () => {
  const collector = await Collector.start()
  const { endpoint } = collector
  await collector[Symbol.asyncDispose]()
  const server = await testServer({ tracing: { endpoint } })
  await publishTraced(server, 10)
  await server[Symbol.asyncDispose]()
  const lines = server.logLines.join('\n')
  assert.match(lines, /collector of traces cannot be reached: ECONNREFUSED/)
  assert.match(lines, /spans were dropped since the start.*20|20.*spans were dropped/)
})

test('what a collector refuses for good is dropped, and it is not followed elsewhere', async () => {
  await using collector = await Collector.start()
  for (const status of [400, 307]) {
    collector.status = status
    const server = await testServer({ tracing: { endpoint: collector.endpoint } })
    await publishTraced(server, 1)
    await server[Symbol.asyncDispose]()
    assert.match(server.logLines.join('\n'), new RegExp(`refuses spans: status ${status}`))
  }
  assert.equal(collector.requests, 2)
})

test('a collector that comes back gets what waited', async () => {
  await using collector = await Collector.start()
  collector.status = 503
  {
    await using server = await testServer({ tracing: { endpoint: collector.endpoint } })
    const refused = collector.answered
    await publishTraced(server, 2)
    await refused
    assert.equal(collector.spans.length, 0)
    collector.status = 200
  }
  assert.equal(collector.spans.length, 4)
})

test('an endpoint that is none, or that holds a password, stops the start before anything is opened', async () => {
  for (const endpoint of ['collector', 'ftp://collector/', '/v1/traces'])
    await assert.rejects(testServer({ tracing: { endpoint } }), {
      code: 'bad-argument',
      message: /v1\/traces/,
    })
  await assert.rejects(
    testServer({ tracing: { endpoint: 'http://ann:hunter2@127.0.0.1/' } }),
    (error) => {
      const { code, message } = error as { code?: string; message: string }
      return code === 'bad-argument' && !message.includes('hunter2')
    },
  )
})

test('the trace of an HTTP request goes on with the messages that it sends', async () => {
  await using collector = await Collector.start()
  const inQuery = sampled.replace('b7ad', 'cccc')
  {
    const tracing = { endpoint: collector.endpoint }
    await using server = await httpTestServer({ tracing })
    await using home = await homing(server.directory, { traces: false })
    const carried: unknown[] = []
    const all = Promise.withResolvers<void>()
    await home.consume(job, ({ headers }) => {
      if (carried.push(headers) === 4) all.resolve()
    }).ready
    const json = { 'content-type': 'application/json' }
    const traced = { ...json, traceparent: sampled, tracestate: 'vendor=1' }
    const path = '/api/queues/%2F/job'
    await server.api('POST', `${path}/messages`, '1', traced)
    await server.api('POST', `${path}/messages?header.traceparent=${inQuery}`, '1', traced)
    await server.api('POST', `${path}/messages`, '1', { ...json, traceparent: 'no trace' })
    const lines = { 'content-type': 'application/x-ndjson', traceparent: sampled }
    await server.api('POST', `${path}/batch`, '{"body":1}', lines)
    await all.promise
    assert.deepEqual(carried, [
      { traceparent: sampled, tracestate: 'vendor=1' },
      { traceparent: inQuery },
      {},
      { traceparent: sampled },
    ])
  }
  const parents = collector.spans
    .filter(({ name }) => name === 'queue job')
    .map(({ parentSpanId }) => parentSpanId)
  assert.deepEqual(parents, ['b7ad6b7169203331', 'cccc6b7169203331', 'b7ad6b7169203331'])
})
