/*
 * Whatever a client declares, binds, consumes or publishes: it is done, or refused in AMQP's words.
 */

import assert from 'node:assert/strict'
import { test } from 'node:test'
import fc from 'fast-check'
import { AmqpError } from '../../src/amqp/protocol/amqp-error.ts'
import { encodeProperties } from '../../src/amqp/protocol/properties.ts'
import type { HeaderTable, HeaderValue } from '../../src/embedded/routing/header-value.ts'
import { PlainMessage } from '../../src/message/plain-message.ts'
import type { Host } from '../../src/virtual-host/host.ts'
import type { ChannelSession } from '../../src/virtual-host/port.ts'
import { channelOf, openHosts, Recorder } from './opened-host.ts'

const leaf = fc.oneof(
  fc.string(),
  fc.integer(),
  fc.double(),
  fc.bigInt({ min: -(2n ** 63n), max: 2n ** 63n - 1n }),
  fc.boolean(),
  fc.constant(null),
  fc.uint8Array({ maxLength: 8 }),
) as fc.Arbitrary<HeaderValue>
const value = fc.oneof(leaf, fc.array(leaf, { maxLength: 3 })) as fc.Arbitrary<HeaderValue>

const argument = fc.constantFrom(
  ...['x-message-ttl', 'x-expires', 'x-max-length', 'x-max-length-bytes', 'x-max-priority'],
  ...['x-overflow', 'x-dead-letter-exchange', 'x-dead-letter-routing-key', 'x-queue-type'],
  ...['x-single-active-consumer', 'x-consumer-timeout', 'x-delivery-limit', 'x-priority'],
  ...['x-match', 'alternate-exchange', 'x-delayed-type', 'x-queue-mode', 'x-queue-version', 'a'],
)
const header = fc.constantFrom('CC', 'BCC', 'x-delay', 'x-death', 'x-homing-id', 'a', '__proto__')
const tableOf = (name: fc.Arbitrary<string>): fc.Arbitrary<HeaderTable> =>
  fc.array(fc.tuple(name, value), { maxLength: 3 }).map((entries) => new Map(entries))

const name = fc.constantFrom(
  ...['', 'q', 'r', 'e', 'f', 'amq.topic', 'amq.headers', 'amq.x', 'constructor', '__proto__'],
  ...['amq.rabbitmq.reply-to', 'amq.rabbitmq.reply-to.x.y.z', 'amq.homing.replies.ann', 'a\u001fb'],
)
const type = fc.constantFrom('direct', 'fanout', 'topic', 'headers', 'x-delayed-message', 'other')
const flag = fc.boolean()

type Step = (host: Host, channel: ChannelSession) => unknown

const step: fc.Arbitrary<Step> = fc.oneof(
  fc
    .record({ name, durable: flag, exclusive: flag, autoDelete: flag, args: tableOf(argument) })
    .map(
      (request): Step =>
        (host, channel) =>
          host.declareQueue(channel, request),
    ),
  fc
    .record({
      name,
      type,
      durable: flag,
      autoDelete: flag,
      internal: flag,
      args: tableOf(argument),
    })
    .map(
      (request): Step =>
        (host, channel) =>
          host.declareExchange(channel, request),
    ),
  fc
    .tuple(
      fc.record({ destination: name, source: name, routingKey: name, args: tableOf(argument) }),
      fc.constantFrom('bindQueue', 'unbindQueue', 'bindExchange', 'unbindExchange'),
    )
    .map(
      ([request, how]): Step =>
        (host, channel) =>
          host[how](channel, request),
    ),
  fc.record({ queue: name, noAck: flag, exclusive: flag, args: tableOf(argument) }).map(
    (request): Step =>
      async (host, channel) => {
        const asked = { ...request, consumerTag: 'c', prefetch: 1 }
        const consumer = await host.consume(channel, asked, new Recorder())
        consumer.resume()
        if (request.exclusive) consumer.cancel()
      },
  ),
  fc
    .record({
      ...{ exchange: name, routingKey: name, headers: tableOf(header) },
      expiration: fc.option(fc.string({ maxLength: 6 }), { nil: undefined }),
      replyTo: fc.option(name, { nil: undefined }),
      correlationId: fc.option(fc.string({ maxLength: 6 }), { nil: undefined }),
      deliveryMode: fc.integer({ min: 0, max: 2 }),
    })
    .map(
      ({ exchange, routingKey, ...properties }): Step =>
        (host, channel) => {
          const bytes = encodeProperties(properties)
          return host.publish(
            channel,
            new PlainMessage(exchange, routingKey, bytes, Buffer.from('x')),
          )
        },
    ),
  fc.tuple(name, flag).map(
    ([queue, noAck]): Step =>
      (host, channel) =>
        host.get(channel, queue, noAck),
  ),
  name.map(
    (queue): Step =>
      (host, channel) =>
        host.deleteQueue(channel, queue, false, false),
  ),
  name.map(
    (queue): Step =>
      (host, channel) =>
        host.purgeQueue(channel, queue),
  ),
  name.map(
    (exchange): Step =>
      (host, channel) =>
        host.deleteExchange(channel, exchange, false),
  ),
  name.map(
    (queue): Step =>
      (host, channel) =>
        host.checkQueue(channel, queue),
  ),
)

test('any order of any calls is done or refused in the words of AMQP, and leaves nothing behind', async () => {
  const steps = fc.array(step, { minLength: 1, maxLength: 25 })
  await fc.assert(
    fc.asyncProperty(steps, async (run) => {
      const opened = await openHosts()
      const channel = channelOf()
      for (const one of run) {
        try {
          await one(opened.host, channel)
        } catch (error) {
          if (!(error instanceof AmqpError)) throw error
        }
      }
      opened.host.channelClosed(channel)
      await opened.host.sessionClosed(channel.session)
      for (const { owner } of opened.host.queues.all()) assert.equal(owner, undefined)
      assert.deepEqual(opened.problems, [])
      await opened[Symbol.asyncDispose]()
    }),
    { numRuns: 150 },
  )
})
