import type { PeerChannel } from '../peer-channel.ts'
import { scenario } from '../scenario.ts'
import type { Stage } from '../stage.ts'

const once = (name: string, act: (ch: PeerChannel, s: Stage) => Promise<unknown>) =>
  scenario(name, async (s) => {
    const ch = await s.confirming()
    await act(ch, s)
  })

const empty = (counts: { readonly [name: string]: unknown }): boolean => counts.messageCount === 0

export const expiryScenarios = [
  once('a message expires by the time to live of its queue', async (ch, s) => {
    await ch.declare('q', { 'x-message-ttl': 1000 })
    ch.publishTo('q', '1')
    await ch.confirmed()
    await ch.passive('q')
    await s.eventually(ch, 'q', empty)
    await ch.get('q')
  }),
  once('a message expires by its own expiration', async (ch, s) => {
    await ch.declare('q')
    ch.publish({ routingKey: 'q', body: '1', properties: { expiration: '1000' } })
    await ch.confirmed()
    await ch.passive('q')
    await s.eventually(ch, 'q', empty)
    await ch.get('q')
  }),
  once('the shorter of both times counts', async (ch, s) => {
    await ch.declare('q', { 'x-message-ttl': 1000 })
    await ch.declare('r', { 'x-message-ttl': 60_000 })
    ch.publish({ routingKey: 'q', body: '1', properties: { expiration: '60000' } })
    ch.publish({ routingKey: 'r', body: '2', properties: { expiration: '1000' } })
    await ch.confirmed()
    await s.eventually(ch, 'q', empty)
    await s.eventually(ch, 'r', empty)
    await ch.get('q')
    await ch.get('r')
  }),
  once('a message that does not expire in time is delivered with its expiration', async (ch) => {
    await ch.declare('q')
    ch.publish({ routingKey: 'q', body: '1', properties: { expiration: '60000' } })
    await ch.get('q')
  }),
  once('a message of no time is delivered to a consumer that waits', async (ch) => {
    await ch.declare('q', { 'x-message-ttl': 0 })
    await ch.consume('q')
    ch.publishTo('q', '1')
    ch.publish({ routingKey: 'q', body: '2', properties: { expiration: '0' } })
    await ch.take('basic.deliver', 2)
  }),
  once('a message of no time expires when nobody waits', async (ch) => {
    await ch.declare('q', { 'x-message-ttl': 0 })
    await ch.declare('r')
    ch.publishTo('q', '1')
    ch.publish({ routingKey: 'r', body: '2', properties: { expiration: '0' } })
    await ch.confirmed()
    await ch.get('q')
    await ch.get('r')
  }),
  once('a message that is held does not expire', async (ch, s) => {
    await ch.declare('q', { 'x-message-ttl': 1000 })
    ch.publishTo('q', '1')
    await ch.get('q')
    await s.pass(1600)
    ch.ack(1)
    await ch.fence()
  }),
  once('a message given back after its time is not delivered again', async (ch, s) => {
    await ch.declare('q', { 'x-message-ttl': 1000 })
    ch.publishTo('q', '1')
    await ch.get('q')
    await s.pass(1600)
    ch.nack(1, { requeue: true })
    await ch.get('q')
  }),
  once('a message behind one that lives longer, by its own expiration', async (ch, s) => {
    await ch.declare('q')
    ch.publish({ routingKey: 'q', body: 'long', properties: { expiration: '60000' } })
    ch.publish({ routingKey: 'q', body: 'short', properties: { expiration: '100' } })
    await ch.confirmed()
    await s.pass(400)
    await ch.passive('q')
    await ch.get('q')
    await ch.get('q')
  }),
  once('a policy gives queues their time to live', async (ch, s) => {
    await ch.declare('policy-ttl')
    ch.publishTo('policy-ttl', '1')
    await ch.confirmed()
    await s.eventually(ch, 'policy-ttl', empty)
    await ch.get('policy-ttl')
  }),
  once('of a policy and an argument the shorter time counts', async (ch, s) => {
    await ch.declare('policy-ttl-long', { 'x-message-ttl': 60_000 })
    ch.publishTo('policy-ttl-long', '1')
    await ch.confirmed()
    await s.eventually(ch, 'policy-ttl-long', empty)
    await ch.get('policy-ttl-long')
  }),
]
