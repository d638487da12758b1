import assert from 'node:assert/strict'
import { test } from 'node:test'
import type { HeaderValue } from '../../src/embedded/routing/header-value.ts'
import {
  channelOf,
  consumeRequest,
  messageTo,
  openHosts,
  publish,
  queueNamed,
  Recorder,
  refusal,
  sessionOf,
} from './opened-host.ts'

type Args = Readonly<Record<string, HeaderValue>>

// The texts are what rabbitmq-server 3.10 answers to the same declarations.
const refusedArguments: readonly (readonly [Args, string])[] = [
  [{ 'x-message-ttl': -1 }, "'x-message-ttl' for queue 'q' in vhost '/': {value_negative,-1}"],
  [
    { 'x-message-ttl': 'abc' },
    `'x-message-ttl' for queue 'q' in vhost '/': "expected integer, got longstr"`,
  ],
  [
    { 'x-message-ttl': 1.5 },
    `'x-message-ttl' for queue 'q' in vhost '/': "expected integer, got double"`,
  ],
  [
    { 'x-message-ttl': null },
    `'x-message-ttl' for queue 'q' in vhost '/': "expected integer, got void"`,
  ],
  [
    { 'x-message-ttl': 315360000001 },
    "'x-message-ttl' for queue 'q' in vhost '/': {value_too_large,315360000001}",
  ],
  [{ 'x-expires': 0 }, "'x-expires' for queue 'q' in vhost '/': {value_zero,0}"],
  [{ 'x-expires': -5 }, "'x-expires' for queue 'q' in vhost '/': {value_negative,-5}"],
  [{ 'x-max-length': -1 }, "'x-max-length' for queue 'q' in vhost '/': {value_negative,-1}"],
  [
    { 'x-max-length-bytes': true },
    `'x-max-length-bytes' for queue 'q' in vhost '/': "expected integer, got bool"`,
  ],
  [
    { 'x-max-priority': 256 },
    "'x-max-priority' for queue 'q' in vhost '/': {max_value_exceeded,256}",
  ],
  [{ 'x-overflow': 'foo' }, "'x-overflow' for queue 'q' in vhost '/': invalid_overflow"],
  [
    { 'x-dead-letter-routing-key': 'a' },
    "'x-dead-letter-routing-key' for queue 'q' in vhost '/': routing_key_but_no_dlx_defined",
  ],
  [
    { 'x-queue-mode': 'foo' },
    `'x-queue-mode' for queue 'q' in vhost '/': "unsupported queue mode 'foo'"`,
  ],
  [
    { 'x-queue-version': 3 },
    `'x-queue-version' for queue 'q' in vhost '/': "unsupported queue version '3'"`,
  ],
  [
    { 'x-single-active-consumer': 'true' },
    "'x-single-active-consumer' for queue 'q' in vhost '/': {unacceptable_type,longstr}",
  ],
  [
    { 'x-queue-type': 'foo' },
    `'x-queue-type' for queue 'q' in vhost '/': "unsupported queue type 'foo'"`,
  ],
  [
    { 'x-delivery-limit': 5 },
    "'x-delivery-limit' for queue 'q' in vhost '/' of queue type rabbit_classic_queue",
  ],
  [
    { 'x-max-age': '1h' },
    "'x-max-age' for queue 'q' in vhost '/' of queue type rabbit_classic_queue",
  ],
  [
    { 'x-queue-type': 'quorum', 'x-max-priority': 5 },
    "'x-max-priority' for queue 'q' in vhost '/' of queue type rabbit_quorum_queue",
  ],
  [
    { 'x-queue-type': 'quorum', 'x-dead-letter-strategy': 'foo' },
    "'x-dead-letter-strategy' for queue 'q' in vhost '/': invalid_dlx_strategy",
  ],
  [
    { 'x-queue-type': 'quorum', 'x-quorum-initial-group-size': 0 },
    "'x-quorum-initial-group-size' for queue 'q' in vhost '/': {value_zero,0}",
  ],
]

test('a queue argument of the wrong type or range is refused by name, and nothing is made', async () => {
  await using opened = await openHosts()
  const { host } = opened
  for (const [args, text] of refusedArguments) {
    const refused = await refusal(() => host.declareQueue(channelOf(), queueNamed('q', { args })))
    assert.equal(refused, `406 invalid arg ${text}`)
  }
  const wrongExchange = queueNamed('q', { args: { 'x-dead-letter-exchange': 1 } })
  assert.equal(
    await refusal(() => host.declareQueue(channelOf(), wrongExchange)),
    "406 invalid type 'signedint' for arg 'x-dead-letter-exchange' in queue 'q' in vhost '/'",
  )
  assert.equal(
    await refusal(() => host.checkQueue(channelOf(), 'q')),
    "404 no queue 'q' in vhost '/'",
  )
})

test('arguments at the edge of their range and unknown ones are accepted', async () => {
  await using opened = await openHosts()
  const { host } = opened
  const accepted: readonly Args[] = [
    { 'x-message-ttl': 0 },
    { 'x-message-ttl': 315_360_000_000n },
    { 'x-max-length': 0, 'x-overflow': 'reject-publish' },
    { 'x-max-priority': 0 },
    { 'x-max-priority': 255 },
    { 'x-foo': [1, 'a'] },
    { 'x-queue-mode': 'lazy', 'x-queue-version': 2, 'x-queue-master-locator': 'random' },
    { 'x-consumer-timeout': 60_000 },
    { 'x-queue-type': 'quorum', 'x-delivery-limit': -1 },
    { 'x-queue-type': 'classic' },
  ]
  for (const [n, args] of accepted.entries()) {
    const name = `q${n}`
    const declared = await host.declareQueue(channelOf(), queueNamed(name, { args }))
    assert.deepEqual(declared, { name, messages: 0, consumers: 0, made: true })
  }
})

test('a quorum queue must be durable, shared and stay; a stream is refused by name', async () => {
  await using opened = await openHosts()
  const { host } = opened
  const args = { 'x-queue-type': 'quorum' }
  const refused = (more: object, name = 'q') =>
    refusal(() => host.declareQueue(channelOf(), queueNamed(name, { args, ...more })))
  const invalid = (property: string) =>
    `406 invalid property '${property}' for queue 'q' in vhost '/'`
  assert.equal(await refused({ durable: false }), invalid('non-durable'))
  assert.equal(await refused({ exclusive: true }), invalid('exclusive-owner'))
  assert.equal(await refused({ autoDelete: true }), invalid('auto-delete'))
  assert.match(await refused({}, ''), /^406 Cannot declare a server-named queue for type/)
  assert.match(await refused({ args: { 'x-queue-type': 'stream' } }), /^540 .*stream.*connection/)
})

test('declaring again compares durable, auto_delete and the known arguments by value', async () => {
  await using opened = await openHosts()
  const { host } = opened
  const args = { 'x-message-ttl': 1000, 'x-dead-letter-exchange': 'dlx' }
  await host.declareQueue(channelOf(), queueNamed('q', { args }))
  const again = (more: Parameters<typeof queueNamed>[1]) =>
    refusal(() => host.declareQueue(channelOf(), queueNamed('q', { args, ...more })))
  const differs = (arg: string, received: string, current: string) =>
    `406 inequivalent arg '${arg}' for queue 'q' in vhost '/': received ${received} but current is ${current}`
  assert.equal(await again({ args: { ...args, 'x-message-ttl': 1000n } }), 'accepted')
  assert.equal(await again({ args: { ...args, 'x-foo': 1 } }), 'accepted')
  assert.equal(await again({ args: { ...args, 'x-queue-type': 'classic' } }), 'accepted')
  assert.equal(await again({ durable: false }), differs('durable', "'false'", "'true'"))
  assert.equal(await again({ autoDelete: true }), differs('auto_delete', "'true'", "'false'"))
  assert.equal(
    await again({ args: { ...args, 'x-message-ttl': 2000 } }),
    differs('x-message-ttl', "'2000'", "'1000'"),
  )
  assert.equal(
    await again({ args: { 'x-dead-letter-exchange': 'dlx' } }),
    differs('x-message-ttl', 'none', "the value '1000' of type 'signedint'"),
  )
  assert.equal(
    await again({ args: { ...args, 'x-max-length': -10 } }),
    differs('x-max-length', "the value '-10' of type 'signedint'", 'none'),
  )
  assert.equal(
    await again({ args: { ...args, 'x-queue-type': 'quorum' } }),
    differs('x-queue-type', "the value 'quorum' of type 'longstr'", 'none'),
  )
  assert.match(await again({ exclusive: true }), /^405 cannot obtain exclusive access/)
})

test('an exclusive queue is locked for every other connection and goes with its own', async () => {
  await using opened = await openHosts()
  const { host } = opened
  const session = sessionOf()
  const own = channelOf(session)
  const mine = queueNamed('mine', { exclusive: true })
  await host.declareQueue(own, mine)
  assert.equal(await refusal(() => host.declareQueue(own, { ...mine, durable: false })), 'accepted')
  assert.match(await refusal(() => host.declareQueue(own, queueNamed('mine'))), /^405/)
  const other = channelOf()
  const recorder = new Recorder()
  const uses: readonly (() => unknown)[] = [
    () => host.declareQueue(other, mine),
    () => host.checkQueue(other, 'mine'),
    () => host.get(other, 'mine', true),
    () => host.purgeQueue(other, 'mine'),
    () => host.deleteQueue(other, 'mine', false, false),
    () => host.consume(other, consumeRequest('mine'), recorder),
    () =>
      host.bindQueue(other, {
        ...{ destination: 'mine', source: 'amq.direct', routingKey: 'k' },
        args: new Map(),
      }),
  ]
  for (const use of uses) {
    assert.equal(
      await refusal(use),
      "405 cannot obtain exclusive access to locked queue 'mine' in vhost '/'. It could be originally declared on another connection or the exclusive property value does not match that of the original declaration.",
    )
  }
  await host.sessionClosed(session)
  assert.match(await refusal(() => host.checkQueue(other, 'mine')), /^404/)
  assert.equal(await refusal(() => host.declareQueue(other, mine)), 'accepted')
  assert.deepEqual(opened.problems, [])
})

test('an auto-delete queue goes with its last consumer, and not before the first', async () => {
  await using opened = await openHosts()
  const { host } = opened
  const channel = channelOf()
  await host.declareQueue(channel, queueNamed('q', { autoDelete: true }))
  const first = await host.consume(channel, consumeRequest('q'), new Recorder())
  const second = await host.consume(channel, consumeRequest('q'), new Recorder())
  assert.equal(host.checkQueue(channel, 'q').consumers, 2)
  first.cancel()
  assert.equal(host.checkQueue(channel, 'q').consumers, 1)
  second.cancel()
  second.cancel()
  assert.match(await refusal(() => host.checkQueue(channel, 'q')), /^404/)
})

test('names: line ends are taken out, amq. is reserved, the broker makes names for no name', async () => {
  await using opened = await openHosts()
  const { host } = opened
  const channel = channelOf()
  const stripped = await host.declareQueue(channel, queueNamed('a\r\nb'))
  assert.equal(stripped.name, 'ab')
  assert.equal(
    await refusal(() => host.declareQueue(channel, queueNamed('amq.foo'))),
    "403 queue name 'amq.foo' contains reserved prefix 'amq.*'",
  )
  assert.match(await refusal(() => host.declareQueue(channel, queueNamed('a\u001fb'))), /^406/)
  const made = await host.declareQueue(channel, queueNamed(''))
  assert.match(made.name, /^amq\.gen-[\w-]{22}$/)
  assert.equal(channel.lastQueue, made.name)
  assert.equal(host.checkQueue(channel, made.name).name, made.name)
  assert.match(await refusal(() => host.declareQueue(channel, queueNamed(made.name))), /^403/)
})

test('no name is the queue last declared on the channel, also as the routing key of a binding', async () => {
  await using opened = await openHosts()
  const { host } = opened
  const channel = channelOf()
  const none = '404 no previously declared queue'
  assert.equal(await refusal(() => host.get(channel, '', true)), none)
  assert.equal(await refusal(() => host.purgeQueue(channel, '')), none)
  assert.equal(await refusal(() => host.deleteQueue(channel, '', false, false)), none)
  assert.equal(await refusal(() => host.checkQueue(channel, '')), "404 no queue '' in vhost '/'")
  await host.declareQueue(channel, queueNamed('last'))
  const request = { destination: '', source: 'amq.direct', routingKey: '', args: new Map() }
  await host.bindQueue(channel, request)
  assert.equal(await publish(host, messageTo('amq.direct', 'last')), 'done')
  assert.equal((await host.get(channel, '', true))?.message.routingKey, 'last')
  await host.unbindQueue(channel, request)
  assert.equal(await publish(host, messageTo('amq.direct', 'last')), 'unroutable')
})

test('deleting: unless in use or not empty when so asked; what is not there is deleted', async () => {
  await using opened = await openHosts()
  const { host } = opened
  const channel = channelOf()
  await host.declareQueue(channel, queueNamed('q'))
  await publish(host, messageTo('', 'q'))
  assert.equal(
    await refusal(() => host.deleteQueue(channel, 'q', false, true)),
    "406 queue 'q' in vhost '/' not empty",
  )
  const recorder = new Recorder()
  const consumer = await host.consume(channel, consumeRequest('q'), recorder)
  assert.equal(
    await refusal(() => host.deleteQueue(channel, 'q', true, false)),
    "406 queue 'q' in vhost '/' in use",
  )
  await publish(host, messageTo('', 'q'))
  assert.equal(await host.deleteQueue(channel, 'q', false, false), 2)
  assert.equal(recorder.cancels, 1)
  consumer.cancel()
  assert.equal(await host.deleteQueue(channel, 'q', true, true), 0)
})

test('purging counts what was ready, and leaves what consumers hold', async () => {
  await using opened = await openHosts()
  const { host } = opened
  const channel = channelOf()
  await host.declareQueue(channel, queueNamed('q'))
  for (let n = 0; n < 3; n++) await publish(host, messageTo('', 'q', { deliveryMode: 2 }))
  const held = await host.get(channel, 'q', false)
  assert.equal(held?.remaining, 2)
  assert.equal(await host.purgeQueue(channel, 'q'), 2)
  host.requeue(held?.held ? [held.held] : [], false)
  assert.equal(host.checkQueue(channel, 'q').messages, 1)
})

test('transient shared queues are told to those who move to RabbitMQ 4.3, or refused as there', async () => {
  await using opened = await openHosts()
  const { host } = opened
  const session = sessionOf()
  await host.declareQueue(channelOf(session), queueNamed('t', { durable: false }))
  assert.deepEqual(session.warned, ['transient_nonexcl_queues'])
  const strict = sessionOf({ compat: 'rabbitmq-4.3' })
  assert.match(
    await refusal(() => host.declareQueue(channelOf(strict), queueNamed('u', { durable: false }))),
    /^541 Feature 'transient_nonexcl_queues' is deprecated.*closes the connection/,
  )
})

test('a name that the broker makes begins as x-name-prefix says, which is not kept', async () => {
  await using opened = await openHosts()
  const { host, broker } = opened
  const named = async (prefix: HeaderValue, name = '') => {
    const args = { 'x-name-prefix': prefix, 'x-max-length': 5 }
    return (await host.declareQueue(channelOf(), queueNamed(name, { args }))).name
  }
  const longest = 'é'.repeat(32)
  assert.match(await named('shop'), /^shop-[\w-]{22}$/)
  assert.match(await named(longest), /^é{32}-/)
  assert.match(await named('sh\r\nop'), /^shop-/)
  for (const none of ['', 42, 'amq.gen']) assert.match(await named(none), /^amq\.gen-/)
  assert.equal(await named('ignored', 'mine'), 'mine')
  assert.equal(await named('another', 'mine'), 'mine')
  for (const { queue } of broker.door.queues())
    assert.doesNotMatch(JSON.stringify(queue.settings.declaration), /name-prefix/)
  assert.match(await refusal(() => named(`${longest}x`)), /^406 invalid arg 'x-name-prefix'/)
  assert.match(await refusal(() => named('amq.homing.replies.bob')), /^403 .*reserved prefix/)
  assert.match(await refusal(() => named('a\u0000b')), /^406 .*control character/)
})
