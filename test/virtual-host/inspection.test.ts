import assert from 'node:assert/strict'
import { test } from 'node:test'
import {
  channelOf,
  consumeRequest,
  messageTo,
  openHosts,
  publish,
  queueNamed,
  Recorder,
  sessionOf,
} from './opened-host.ts'

test('a paused queue gives nothing to consumers and to basic.get of AMQP, and stays so when it is declared again', async () => {
  await using opened = await openHosts()
  const { host, broker } = opened
  const channel = channelOf()
  await host.declareQueue(channel, queueNamed('q'))
  await broker.pauseQueue('q')
  const recorder = new Recorder()
  const consumer = await host.consume(channel, consumeRequest('q'), recorder)
  consumer.resume()
  await publish(host, messageTo('', 'q'))
  await host.declareQueue(channel, queueNamed('q'))
  assert.equal(await host.get(channel, 'q', true), undefined)
  assert.deepEqual(recorder.keys, [])
  assert.equal(host.checkQueue(channel, 'q').messages, 1)
  await broker.resumeQueue('q')
  assert.deepEqual(recorder.keys, ['q'])
})

test('who holds a message is told by consumer tag, connection and user, in every virtual host', async () => {
  await using opened = await openHosts()
  const { broker, hosts } = opened
  const host = hosts.host('other')
  const channel = channelOf(sessionOf({ user: 'bob' }))
  await host.declareQueue(channel, queueNamed('q'))
  for (let n = 0; n < 2; n++) await publish(host, messageTo('', 'q', { deliveryMode: 2 }))
  const consumer = await host.consume(channel, consumeRequest('q', { prefetch: 1 }), new Recorder())
  consumer.resume()
  await host.get(channel, 'q', false)
  const name = broker.inspection.queues().find(({ name }) => name.endsWith('q'))?.name ?? ''
  const { messages } = await broker.inspection.messages(name, { state: 'unsettled' })
  assert.deepEqual(
    messages.map(({ held }) => [held?.consumer, held?.connection, held?.user]),
    [
      ['ct', 'test', 'bob'],
      ['basic.get', 'test', 'bob'],
    ],
  )
  assert.deepEqual(
    broker.inspection.consumers(name).map(({ consumer, user }) => [consumer, user]),
    [['ct', 'bob']],
  )
})
