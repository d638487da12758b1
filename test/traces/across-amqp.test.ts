/* A trace crosses between the library and any instrumented RabbitMQ client, by the AMQP headers. */

import assert from 'node:assert/strict'
import { test } from 'node:test'
import { context, propagation, trace } from '@opentelemetry/api'
import amqplib, { type ConsumeMessage } from 'amqplib'
import { decodeMessage, encodeMessage } from '../../src/adapters/amqp/rabbitmq/wire-message.ts'
import { startBroker } from '../../src/amqp.ts'
import { homing, queue } from '../../src/index.ts'
import type { Message } from '../../src/message/message.ts'
import { idOf, named, parentOf, recordSpans, takenSpans, within } from './recorded-spans.ts'

recordSpans()

const job = queue('job')

/** As the instrumentations of pika and amqplib do it: the context goes into the headers of the message. */
function injected(): Record<string, string> {
  const headers: Record<string, string> = {}
  propagation.inject(context.active(), headers)
  return headers
}

const spanIdOf = (traceparent: unknown): string | undefined => String(traceparent).split('-')[2]

test('what an instrumented client publishes is worked on by the library in the same trace', async () => {
  takenSpans()
  await using broker = await startBroker()
  await using home = await homing(broker.url, { traces: true })
  const worked = Promise.withResolvers<unknown>()
  await home.consume(job, ({ input }) => worked.resolve(input)).ready
  const connection = await amqplib.connect(broker.url)
  const channel = await connection.createChannel()
  await within('pika send', async () => {
    const headers = { ...injected(), tracestate: 'vendor=1' }
    const properties = { headers, contentType: 'application/json' }
    channel.sendToQueue('job', Buffer.from('"hello"'), properties)
  })
  assert.equal(await worked.promise, 'hello')
  await connection.close()
  await home.close()
  const spans = takenSpans()
  const process = named(spans, 'process job')
  assert.equal(parentOf(process), idOf(named(spans, 'pika send')))
  assert.equal(process.spanContext().traceState?.get('vendor'), '1')
})

test('what the library sends is received by an instrumented client with the trace in its headers', async () => {
  takenSpans()
  await using broker = await startBroker()
  await using home = await homing(broker.url, { traces: true })
  await home.send(job, 1, { headers: { colour: 'red' } })
  const connection = await amqplib.connect(broker.url)
  const channel = await connection.createChannel()
  const received = await channel.get('job')
  assert.ok(received)
  channel.ack(received)
  await connection.close()
  await home.close()
  const { traceparent, colour } = received.properties.headers ?? {}
  assert.equal(spanIdOf(traceparent), idOf(named(takenSpans(), 'send job')))
  assert.equal(colour, 'red')
})

test('a trace crosses two processes of the library on one broker, to the callback and back', async () => {
  takenSpans()
  await using broker = await startBroker()
  await using producer = await homing(broker.url, { traces: true })
  await using worker = await homing(broker.url, { traces: true })
  const told = Promise.withResolvers<void>()
  const callback = producer.callback('done', job, () => told.resolve())
  worker.consume(job, ({ input }) => input)
  await producer.send(job, 1, { callback })
  await told.promise
  await producer.close()
  const spans = takenSpans()
  const sent = idOf(named(spans, 'send job'))
  assert.equal(parentOf(named(spans, 'process job')), sent)
  assert.equal(parentOf(named(spans, 'callback callback:done')), sent)
})

test('who asked to be notified is told the outcome within the trace of the request', async () => {
  takenSpans()
  await using broker = await startBroker()
  const connection = await amqplib.connect(broker.url)
  const channel = await connection.createChannel()
  await channel.assertQueue('orders')
  await channel.assertQueue('told')
  const notified = Promise.withResolvers<ConsumeMessage | null>()
  await channel.consume('told', notified.resolve, { noAck: true })
  await channel.consume('orders', (message) => message && channel.ack(message))
  await within('pika send', async () => {
    const headers = { ...injected(), 'x-homing-notify': 'all' }
    const options = { persistent: true, replyTo: 'told', correlationId: 'o-1', headers }
    channel.sendToQueue('orders', Buffer.from('{}'), options)
  })
  const { traceparent } = (await notified.promise)?.properties.headers ?? {}
  await connection.close()
  assert.equal(spanIdOf(traceparent), idOf(named(takenSpans(), 'pika send')))
})

test('without traces nothing of them is in a message that goes over AMQP', async () => {
  await using broker = await startBroker()
  await using home = await homing(broker.url)
  await within('request', () => home.send(job, 1))
  const connection = await amqplib.connect(broker.url)
  const channel = await connection.createChannel()
  const received = await channel.get('job', { noAck: true })
  assert.ok(received)
  assert.equal(received.properties.headers, undefined)
  await connection.close()
})

const message: Message = {
  id: 'a',
  idChosen: false,
  exchange: '',
  routingKey: 'job',
  contentType: '',
  body: Buffer.from('1'),
  priority: 0,
  deadlineAtMs: Number.POSITIVE_INFINITY,
  availableAtMs: 0,
  timeoutMs: 0,
  attemptsMax: 3,
  meta: undefined,
}

test('over RabbitMQ the trace stands among the AMQP headers, and is read from there', () => {
  const traceparent = '00-0af7651916cd43dd8448eb211c80319c-b7ad6b7169203331-01'
  const carried = { message, acceptedAtMs: 1, attempts: 0, excused: 0 }
  assert.deepEqual(Object.keys(encodeMessage(carried, 1).headers), ['homing'])
  const traced = { ...message, meta: { headers: { traceparent } } }
  const options = encodeMessage({ ...carried, message: traced }, 1)
  assert.equal(options.headers.traceparent, traceparent)
  const content = Buffer.from('1')
  const decoded = (headers: Record<string, unknown>) =>
    decodeMessage({ content, properties: { headers } }, 'job', 1, () => 'minted').message.meta
  assert.deepEqual(decoded({ traceparent, other: 1 }), { headers: { traceparent } })
  assert.equal(decoded({ traceparent: 7 }), undefined)
  assert.equal(decoded({ other: 'x' }), undefined)
})

test('a context that is none, or far too long, begins a new trace and harms nothing', async () => {
  takenSpans()
  await using broker = await startBroker()
  await using home = await homing(broker.url, { traces: true })
  const inputs: unknown[] = []
  const all = Promise.withResolvers<void>()
  await home.consume(job, ({ input }) => {
    if (inputs.push(input) === 3) all.resolve()
  }).ready
  const connection = await amqplib.connect(broker.url)
  const channel = await connection.createChannel()
  const wrong = [{ traceparent: 'x'.repeat(50_000) }, { traceparent: 7 }, { tracestate: 'a=1' }]
  for (const headers of wrong)
    channel.sendToQueue('job', Buffer.from('1'), { headers, contentType: 'application/json' })
  await all.promise
  await connection.close()
  await home.close()
  const spans = takenSpans()
  assert.equal(spans.length, 3)
  for (const span of spans) assert.equal(parentOf(span), undefined)
  assert.equal(trace.getActiveSpan(), undefined)
})
