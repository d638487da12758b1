import assert from 'node:assert/strict'
import { test } from 'node:test'
import {
  binding,
  channelOf,
  exchangeNamed,
  messageTo,
  openHosts,
  publish,
  queueNamed,
  refusal,
  sessionOf,
} from './opened-host.ts'

test('an exchange declared again must be the same, and the refusal says what is not', async () => {
  await using opened = await openHosts()
  const { host } = opened
  const channel = channelOf()
  await host.declareExchange(channel, exchangeNamed('e', 'direct'))
  const again = (type: string, more: Parameters<typeof exchangeNamed>[2] = {}) =>
    refusal(() => host.declareExchange(channel, exchangeNamed('e', type, more)))
  const differs = (arg: string, received: string, current: string) =>
    `406 inequivalent arg '${arg}' for exchange 'e' in vhost '/': received ${received} but current is ${current}`
  assert.equal(await again('direct', { args: { 'x-foo': 1 } }), 'accepted')
  assert.equal(await again('fanout'), differs('type', "'fanout'", "'direct'"))
  assert.equal(await again('direct', { durable: false }), differs('durable', "'false'", "'true'"))
  assert.equal(
    await again('direct', { autoDelete: true }),
    differs('auto_delete', "'true'", "'false'"),
  )
  assert.equal(await again('direct', { internal: true }), differs('internal', "'true'", "'false'"))
  assert.equal(
    await again('direct', { args: { 'alternate-exchange': 'zz' } }),
    differs('alternate-exchange', "the value 'zz' of type 'longstr'", 'none'),
  )
})

test('exchanges: reserved names, the default exchange, unknown types', async () => {
  await using opened = await openHosts()
  const { host } = opened
  const channel = channelOf()
  const declared = (name: string, type: string, args = {}) =>
    refusal(() => host.declareExchange(channel, exchangeNamed(name, type, { args })))
  const onDefault = '403 operation not permitted on the default exchange'
  assert.equal(await declared('amq.topic', 'topic'), 'accepted')
  assert.match(await declared('amq.topic', 'direct'), /inequivalent arg 'type'/)
  assert.equal(
    await declared('amq.foo', 'direct'),
    "403 exchange name 'amq.foo' contains reserved prefix 'amq.*'",
  )
  assert.equal(await declared('', 'direct'), onDefault)
  assert.equal(await declared('e', 'foo'), "406 unknown exchange type 'foo'")
  assert.equal(
    await declared('e', 'direct', { 'alternate-exchange': 1 }),
    "406 invalid type 'signedint' for arg 'alternate-exchange' in exchange 'e' in vhost '/'",
  )
  assert.equal(
    await declared('e', 'x-delayed-message', { 'x-delayed-type': 'x-delayed-message' }),
    "406 Invalid argument, 'x-delayed-type' must be an existing exchange type",
  )
  assert.equal(await refusal(() => host.checkExchange(channel, '')), onDefault)
  assert.equal(
    await refusal(() => host.checkExchange(channel, 'e')),
    "404 no exchange 'e' in vhost '/'",
  )
  assert.equal(await refusal(() => host.deleteExchange(channel, '', false)), onDefault)
  for (const name of ['amq.direct', 'amq.other']) {
    assert.equal(
      await refusal(() => host.deleteExchange(channel, name, false)),
      `403 deletion of system exchange '${name}' in vhost '/' not allowed`,
    )
  }
  assert.equal(await refusal(() => host.deleteExchange(channel, 'missing', true)), 'accepted')
})

test('an exchange with bindings is in use; an auto-delete one goes with its last binding', async () => {
  await using opened = await openHosts()
  const { host } = opened
  const channel = channelOf()
  await host.declareQueue(channel, queueNamed('q'))
  await host.declareExchange(channel, exchangeNamed('e', 'direct', { autoDelete: true }))
  await host.bindQueue(channel, binding('q', 'e', 'a'))
  await host.bindQueue(channel, binding('q', 'e', 'a'))
  await host.bindQueue(channel, binding('q', 'e', 'a', { x: 1 }))
  assert.equal(
    await refusal(() => host.deleteExchange(channel, 'e', true)),
    "406 exchange 'e' in vhost '/' in use",
  )
  await host.unbindQueue(channel, binding('q', 'e', 'a'))
  assert.equal(await refusal(() => host.checkExchange(channel, 'e')), 'accepted')
  await host.unbindQueue(channel, binding('q', 'e', 'a', { x: 1 }))
  assert.match(await refusal(() => host.checkExchange(channel, 'e')), /^404/)
})

test('binding names what is missing, the source first; unbinding what is missing is done', async () => {
  await using opened = await openHosts()
  const { host } = opened
  const channel = channelOf()
  const bound = (to: string, from: string, args = {}) =>
    refusal(() => host.bindQueue(channel, binding(to, from, 'k', args)))
  const onDefault = '403 operation not permitted on the default exchange'
  assert.equal(await bound('nq', 'ne'), "404 no exchange 'ne' in vhost '/'")
  assert.equal(await bound('nq', 'amq.direct'), "404 no queue 'nq' in vhost '/'")
  assert.equal(await bound('nq', ''), onDefault)
  assert.equal(
    await refusal(() => host.bindExchange(channel, binding('ne1', 'ne2'))),
    "404 no exchange 'ne2' in vhost '/'",
  )
  assert.equal(
    await refusal(() => host.bindExchange(channel, binding('', 'amq.direct'))),
    onDefault,
  )
  assert.equal(
    await refusal(() => host.bindExchange(channel, binding('ne1', 'amq.direct'))),
    "404 no exchange 'ne1' in vhost '/'",
  )
  for (const source of ['ne', 'amq.direct']) {
    const request = binding('nq', source, 'k')
    assert.equal(await refusal(() => host.unbindQueue(channel, request)), 'accepted')
    assert.equal(await refusal(() => host.unbindExchange(channel, request)), 'accepted')
  }
  await host.declareQueue(channel, queueNamed('q'))
  assert.equal(
    await bound('q', 'amq.headers', { 'x-match': 'some' }),
    '406 Invalid x-match field value <<"some">>; expected all, any, all-with-x, or any-with-x',
  )
  assert.equal(
    await bound('q', 'amq.headers', { 'x-match': 1 }),
    '406 Invalid x-match field type signedint (value 1); expected longstr',
  )
  assert.equal(await bound('q', 'amq.direct', { 'x-match': 'some' }), 'accepted')
  assert.match(await bound('amq.rabbitmq.reply-to', 'amq.direct'), /^403 cannot bind or unbind/)
})

test('every operation asks for the rights that RabbitMQ asks for', async () => {
  await using opened = await openHosts()
  const { host } = opened
  const owner = channelOf()
  await host.declareQueue(owner, queueNamed('q'))
  await host.declareExchange(owner, exchangeNamed('e', 'direct'))
  const asked: string[] = []
  const may = (right: string, resource: string): boolean => {
    asked.push(`${right} ${resource}`)
    return true
  }
  const mayTopic = (right: string, exchange: string, routingKey: string): boolean => {
    asked.push(`${right} ${exchange} ${routingKey}`)
    return true
  }
  const channel = channelOf(sessionOf({ may, mayTopic }))
  const asks = async (run: () => unknown): Promise<readonly string[]> => {
    asked.length = 0
    await run()
    return [...asked]
  }
  const dead = { args: { 'x-dead-letter-exchange': 'dlx' } }
  const alternate = { args: { 'alternate-exchange': '' } }
  assert.deepEqual(await asks(() => host.declareQueue(channel, queueNamed('n', dead))), [
    ...['configure n', 'read n', 'write dlx'],
  ])
  assert.deepEqual(
    await asks(() => host.declareExchange(channel, exchangeNamed('x', 'topic', alternate))),
    ['configure x', 'read x', 'write amq.default'],
  )
  assert.deepEqual(await asks(() => host.checkQueue(channel, 'q')), ['read q'])
  assert.deepEqual(await asks(() => host.checkExchange(channel, 'e')), ['read e'])
  assert.deepEqual(await asks(() => host.bindQueue(channel, binding('q', 'x', 'k'))), [
    ...['write q', 'read x', 'read x k'],
  ])
  assert.deepEqual(await asks(() => host.bindExchange(channel, binding('e', 'x', 'k'))), [
    ...['write e', 'read x', 'read x k'],
  ])
  assert.deepEqual(await asks(() => publish(host, messageTo('x', 'k'), channel)), [
    ...['write x', 'write x k'],
  ])
  assert.deepEqual(await asks(() => publish(host, messageTo('', 'q'), channel)), [
    'write amq.default',
  ])
  assert.deepEqual(await asks(() => host.get(channel, 'q', true)), ['read q'])
  assert.deepEqual(await asks(() => host.purgeQueue(channel, 'q')), ['read q'])
  assert.deepEqual(await asks(() => host.deleteQueue(channel, 'q', false, false)), ['configure q'])
  assert.deepEqual(await asks(() => host.deleteExchange(channel, 'e', false)), ['configure e'])
})

test('without the right an operation is refused by name and changes nothing', async () => {
  await using opened = await openHosts()
  const { host } = opened
  const may = (right: string): boolean => right === 'read'
  const channel = channelOf(sessionOf({ user: 'bob', may }))
  assert.equal(
    await refusal(() => host.declareQueue(channel, queueNamed('q'))),
    "403 access to queue 'q' in vhost '/' refused for user 'bob'",
  )
  assert.equal(
    await refusal(() => publish(host, messageTo('', 'q'), channel)),
    "403 access to exchange 'amq.default' in vhost '/' refused for user 'bob'",
  )
  assert.equal(await refusal(() => host.checkQueue(channel, 'q')), "404 no queue 'q' in vhost '/'")
  const none = channelOf(sessionOf({ user: 'eve', may: () => false }))
  assert.equal(
    await refusal(() => host.checkQueue(none, 'q')),
    "403 access to queue 'q' in vhost '/' refused for user 'eve'",
  )
  const topics = channelOf(sessionOf({ user: 'bob', mayTopic: () => false }))
  assert.equal(
    await refusal(() => publish(host, messageTo('amq.topic', 'a.b'), topics)),
    "403 access to topic 'a.b' in exchange 'amq.topic' in vhost '/' refused for user 'bob'",
  )
})
