import assert from 'node:assert/strict'
import { test } from 'node:test'
import { limits } from '../../src/limits.ts'
import {
  binding,
  channelOf,
  consumeRequest,
  exchangeNamed,
  openHosts,
  queueNamed,
  Recorder,
  refusal,
  sessionOf,
} from './opened-host.ts'

test('a connection has room for so many consumers, and for another when one goes', async () => {
  await using opened = await openHosts()
  const { host } = opened
  await host.declareQueue(channelOf(), queueNamed('q', { durable: false }))
  const channel = channelOf()
  const max = limits.consumersPerConnectionMax
  const last = await host.consume(channel, consumeRequest('q'), new Recorder())
  for (let n = 1; n < max; n++) void host.consume(channel, consumeRequest('q'), new Recorder())
  const another = () => refusal(() => host.consume(channel, consumeRequest('q'), new Recorder()))
  const full = `530 reached maximum (${max}) of consumers per connection (closes the connection)`
  assert.equal(await another(), full)
  assert.equal(
    await refusal(() => host.consume(channelOf(), consumeRequest('q'), new Recorder())),
    'accepted',
  )
  last.cancel()
  last.cancel()
  assert.equal(await another(), 'accepted')
  assert.equal(await another(), full)
  await host.deleteQueue(channelOf(), 'q', false, false)
  await host.declareQueue(channelOf(), queueNamed('q', { durable: false }))
  assert.equal(await another(), 'accepted')
})

test('a connection has room for so many exclusive queues', async () => {
  await using opened = await openHosts()
  const { host } = opened
  const session = sessionOf()
  const mine = (name: string) =>
    host.declareQueue(channelOf(session), queueNamed(name, { exclusive: true }))
  for (let n = 0; n < limits.queuesPerConnectionMax; n++) void mine(`q${n}`)
  assert.match(await refusal(() => mine('more')), /^406 .*has 10000 exclusive queues/)
  assert.equal(await refusal(() => mine('q0')), 'accepted')
  assert.equal(await refusal(() => host.declareQueue(channelOf(), queueNamed('q'))), 'accepted')
  await host.sessionClosed(session)
  assert.equal(await refusal(() => mine('more')), 'accepted')
})

test('a virtual host has room for so many bindings; what is bound can be bound again', async () => {
  await using opened = await openHosts()
  const { host, broker } = opened
  await host.declareQueue(channelOf(), queueNamed('q', { durable: false }))
  await host.declareExchange(channelOf(), exchangeNamed('x', 'fanout', { durable: false }))
  const queue = { kind: 'queue', name: 'q' } as const
  for (let n = 0; n < limits.bindingsMax; n++)
    broker.door.bind('amq.direct', queue, { routingKey: `k${n}` })
  const bind = (key: string) =>
    refusal(() => host.bindQueue(channelOf(), binding('q', 'amq.direct', key)))
  assert.equal(
    await bind('more'),
    "406 cannot bind to exchange 'amq.direct' in vhost '/': binding limit in vhost '/' (200000) is reached",
  )
  assert.match(
    await refusal(() => host.bindExchange(channelOf(), binding('x', 'amq.fanout'))),
    /^406 .*binding limit/,
  )
  assert.equal(await bind('k7'), 'accepted')
  await host.unbindQueue(channelOf(), binding('q', 'amq.direct', 'k8'))
  assert.equal(await bind('more'), 'accepted')
})

test('arguments have their limit, wherever they are given', async () => {
  await using opened = await openHosts()
  const { host } = opened
  const args = { note: 'x'.repeat(limits.argumentsBytesMax) }
  const refused = /^406 the arguments for .* of at most 16384 bytes/
  await host.declareQueue(channelOf(), queueNamed('q'))
  const uses = [
    () => host.declareQueue(channelOf(), queueNamed('p', { args })),
    () => host.declareExchange(channelOf(), exchangeNamed('x', 'direct', { args })),
    () => host.bindQueue(channelOf(), binding('q', 'amq.headers', '', args)),
  ]
  for (const use of uses) assert.match(await refusal(use), refused)
})
