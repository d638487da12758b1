/*
 * What no client should do and some do, and what crosses the borders of the other topics.
 */

import { frameBytes, frameMethod } from '../frame.ts'
import { OctetWriter } from '../octets.ts'
import type { PeerChannel } from '../peer-channel.ts'
import { scenario } from '../scenario.ts'
import { protocolHeader } from '../stage.ts'
import type { ValueTable } from '../typed-value.ts'

const once = (name: string, act: (ch: PeerChannel) => Promise<unknown>) =>
  scenario(name, async (s) => {
    const ch = await s.channel()
    await ch.declare('q')
    await act(ch)
  })

const nested = (depth: number): ValueTable =>
  depth === 0 ? { leaf: 1 } : { inner: nested(depth - 1) }

export const cornerScenarios = [
  scenario('client properties that name a field twice are accepted', async (s) => {
    const peer = await s.socket()
    peer.unrecorded.add('connection.start')
    peer.write(protocolHeader)
    await peer.take(0, ['connection.start'])
    const twice = new OctetWriter().shortString('k').value('one').shortString('k').value('two')
    const payload = new OctetWriter().integer(10, 2).integer(11, 2).longBytes(twice.bytes)
    payload.shortString('PLAIN').longBytes(Buffer.from('\0guest\0guest')).shortString('en_US')
    peer.write(frameBytes(frameMethod, 0, payload.bytes), 'start-ok with a field twice')
    await peer.take(0, ['connection.tune'])
  }),
  once('headers nested thirty deep are delivered', async (ch) => {
    ch.publish({ routingKey: 'q', body: '1', properties: { headers: nested(30) } })
    await ch.get('q')
  }),
  once('headers nested forty deep', async (ch) => {
    ch.publish({ routingKey: 'q', body: '1', properties: { headers: nested(40) } })
    await ch.fence()
  }),
  once('arguments nested ten deep are accepted', (ch) => ch.declare('r', { 'x-deep': nested(10) })),
  once('arguments nested forty deep', (ch) => ch.declare('r', { 'x-deep': nested(40) })),
  once('names of headers of 255 octets and in other scripts', async (ch) => {
    const headers = { ['n'.repeat(255)]: 1, '\xd0\xb8\xd0\xbc\xd1\x8f': '\xe5\x90\x8d' }
    ch.publish({ routingKey: 'q', body: '1', properties: { headers } })
    await ch.get('q')
  }),
  once('a routing key of 255 octets', async (ch) => {
    const routingKey = 'k'.repeat(255)
    await ch.bind('q', 'amq.direct', routingKey)
    ch.publish({ exchange: 'amq.direct', routingKey, body: '1' })
    await ch.get('q')
  }),
  once('a routing key that is not UTF-8', async (ch) => {
    ch.publish({ exchange: 'amq.fanout', routingKey: '\xff\xfe', body: '1' })
    await ch.fence()
  }),
  once('a consumer tag of 255 octets', async (ch) => {
    ch.publishTo('q', '1')
    await ch.consume('q', { consumerTag: 't'.repeat(255) })
    await ch.take('basic.deliver')
    await ch.call('basic.cancel', { consumerTag: 't'.repeat(255) })
  }),
  once('a consumer tag that looks like one of the broker', (ch) =>
    ch.consume('q', { consumerTag: 'amq.ctag-mine' }),
  ),
  once('a consumer without a tag and without an answer', async (ch) => {
    ch.send('basic.consume', { queue: 'q', nowait: true })
    await ch.fence()
    ch.publishTo('q', '1')
    await ch.take('basic.deliver')
  }),
  once('the largest prefetch', async (ch) => {
    await ch.call('basic.qos', { prefetchCount: 65_535 })
    await ch.consume('q')
  }),
  once('acknowledging several crosses queues, consumers and gets', async (ch) => {
    await ch.declare('r')
    ch.publishTo('q', '1', '2')
    ch.publishTo('r', '3', '4')
    await ch.get('q')
    await ch.get('r')
    await ch.consume('q')
    await ch.take('basic.deliver')
    await ch.get('r')
    ch.ack(3, { multiple: true })
    await ch.call('channel.close', { replyCode: 200 })
    await ch.call('channel.open')
    await ch.get('q')
    await ch.get('r')
  }),
  once('negative acknowledgement of several gives back to each queue', async (ch) => {
    await ch.declare('r')
    ch.publishTo('q', '1', '2')
    ch.publishTo('r', '3', '4')
    for (const queue of ['q', 'r', 'r', 'q']) await ch.get(queue)
    ch.nack(3, { multiple: true, requeue: true })
    for (const queue of ['q', 'r', 'r']) await ch.get(queue)
  }),
  once('delivery tags go on after a reopened channel began at one', async (ch) => {
    ch.publishTo('q', '1', '2')
    await ch.get('q')
    await ch.call('channel.close', { replyCode: 200 })
    await ch.call('channel.open')
    await ch.get('q')
    await ch.get('q')
  }),
  once('declaring, deleting and declaring a queue again with other settings', async (ch) => {
    for (const fields of [{ durable: true }, { exclusive: true }, { autoDelete: true }]) {
      await ch.declare('r', {}, fields)
      await ch.call('queue.delete', { queue: 'r' })
    }
    await ch.declare('r', { 'x-max-length': 1 })
  }),
  once('a dead-letter exchange may be deleted and come again', async (ch) => {
    await ch.exchange('dlx', 'fanout')
    await ch.bind('q', 'dlx')
    await ch.declare('r', { 'x-dead-letter-exchange': 'dlx' })
    await ch.call('exchange.delete', { exchange: 'dlx' })
    ch.publishTo('r', '1', '2')
    await ch.get('r')
    ch.reject(1, false)
    await ch.exchange('dlx', 'fanout')
    await ch.bind('q', 'dlx')
    await ch.get('r')
    ch.reject(2, false)
    await ch.consume('q', { noAck: true })
    await ch.take('basic.deliver')
  }),
  scenario('a dead letter through a headers exchange finds its queue by its headers', async (s) => {
    const ch = await s.channel()
    for (const queue of ['red', 'dead']) await ch.declare(queue)
    await ch.bind('red', 'amq.headers', '', { colour: 'red' })
    await ch.bind('dead', 'amq.headers', '', {
      'x-match': 'any-with-x',
      'x-first-death-queue': 'q',
    })
    await ch.declare('q', { 'x-dead-letter-exchange': 'amq.headers' })
    ch.publish({ routingKey: 'q', body: '1', properties: { headers: { colour: 'red' } } })
    await ch.get('q')
    ch.reject(1, false)
    for (const queue of ['red', 'dead']) {
      await s.eventually(ch, queue, ({ messageCount }) => messageCount === 1)
      await ch.get(queue)
    }
  }),
  scenario('the same names in two virtual hosts are two queues', async (s) => {
    const here = await s.channel()
    const there = await s.channel(await s.connect({ vhost: 'beside' }))
    await here.declare('same')
    await there.declare('same', {}, { exclusive: true })
    here.publishTo('same', 'here')
    await there.get('same')
    await here.get('same')
  }),
  scenario('a queue is deleted while another connection holds its messages', async (s) => {
    const holder = await s.channel()
    const other = await s.channel()
    await holder.declare('q')
    holder.publishTo('q', '1', '2')
    await holder.get('q')
    await other.call('queue.delete', { queue: 'q' })
    await holder.declare('q')
    holder.nack(1, { requeue: true })
    await holder.get('q')
  }),
  scenario('publishes of two connections are confirmed to each', async (s) => {
    const one = await s.confirming()
    const two = await s.confirming()
    await one.declare('q', {}, { durable: true })
    for (const ch of [one, two])
      for (let n = 0; n < 10; n++)
        ch.publish({ routingKey: 'q', body: `${n}`, properties: { deliveryMode: 2 } })
    await one.confirmed()
    await two.confirmed()
    await one.passive('q')
  }),
]
