import type { PeerChannel } from '../peer-channel.ts'
import { scenario } from '../scenario.ts'

/**
 * What the user `limited` may do: configure and write what begins with own, read that and what begins
 * with readable. Everything here was made by somebody who may do all.
 */
const limited = (name: string, act: (ch: PeerChannel) => Promise<unknown>) =>
  scenario(name, async (s) => {
    const owner = await s.channel()
    for (const queue of ['foreign', 'readable', 'own']) await owner.declare(queue)
    for (const exchange of ['foreign', 'readable', 'own']) await owner.exchange(exchange, 'direct')
    await owner.exchange('own.topic', 'topic')
    await act(await s.channel(await s.connect({ user: 'limited', password: 'secret' })))
  })

export const permissionScenarios = [
  limited('declaring a queue needs the right to configure', (ch) => ch.declare('elsewhere')),
  limited('declaring a queue that is there needs the right, too', (ch) => ch.declare('foreign')),
  limited('declaring an own queue is permitted', (ch) => ch.declare('own-2')),
  limited('a queue without a name needs the right to its made-up name', (ch) => ch.declare('')),
  limited('a passive declaration without any right', async (ch) => {
    await ch.passive('foreign')
    await ch.call('exchange.declare', { exchange: 'foreign', passive: true })
  }),
  limited('deleting a queue needs the right to configure', (ch) =>
    ch.call('queue.delete', { queue: 'foreign' }),
  ),
  limited('deleting a queue that is not there needs the right to configure', (ch) =>
    ch.call('queue.delete', { queue: 'missing' }),
  ),
  limited('purging needs the right to read', async (ch) => {
    await ch.call('queue.purge', { queue: 'readable' })
    await ch.call('queue.purge', { queue: 'foreign' })
  }),
  limited('getting needs the right to read', async (ch) => {
    await ch.get('readable')
    await ch.get('foreign')
  }),
  limited('consuming needs the right to read', async (ch) => {
    await ch.consume('readable')
    await ch.consume('foreign')
  }),
  limited('publishing needs the right to write', async (ch) => {
    ch.publish({ exchange: 'own', body: '1' })
    await ch.fence()
    ch.publish({ exchange: 'foreign', body: '1' })
    await ch.closed()
  }),
  limited('publishing to the default exchange needs the right to write amq.default', async (ch) => {
    ch.publish({ routingKey: 'own', body: '1' })
    await ch.closed()
  }),
  limited('publishing to an exchange that is not there without the right to', async (ch) => {
    ch.publish({ exchange: 'missing', body: '1' })
    await ch.closed()
  }),
  limited('binding needs the right to write the queue', (ch) => ch.bind('foreign', 'own', 'k')),
  limited('binding needs the right to read the exchange', (ch) => ch.bind('own', 'foreign', 'k')),
  limited('binding with both rights', async (ch) => {
    await ch.bind('own', 'readable', 'k')
    await ch.call('queue.unbind', { queue: 'own', exchange: 'readable', routingKey: 'k' })
    await ch.call('queue.unbind', { queue: 'own', exchange: 'foreign', routingKey: 'k' })
  }),
  limited('binding exchanges needs the right to write the destination', async (ch) => {
    await ch.call('exchange.bind', { source: 'readable', destination: 'own' })
    await ch.call('exchange.bind', { source: 'own', destination: 'readable' })
  }),
  limited('binding exchanges needs the right to read the source', (ch) =>
    ch.call('exchange.bind', { source: 'foreign', destination: 'own' }),
  ),
  limited('declaring an exchange needs the right to configure', (ch) =>
    ch.exchange('elsewhere', 'direct'),
  ),
  limited('deleting an exchange needs the right to configure', (ch) =>
    ch.call('exchange.delete', { exchange: 'foreign' }),
  ),
  limited('an alternate exchange needs the right to write it', (ch) =>
    ch.exchange('own-x', 'direct', { arguments: { 'alternate-exchange': 'foreign' } }),
  ),
  limited('an alternate exchange needs the right to read the exchange', (ch) =>
    ch.exchange('own-x', 'direct', { arguments: { 'alternate-exchange': 'own' } }),
  ),
  limited('a dead-letter exchange needs the right to write it', (ch) =>
    ch.declare('own-q', { 'x-dead-letter-exchange': 'foreign' }),
  ),
  limited('a dead-letter exchange with both rights', (ch) =>
    ch.declare('own-q', { 'x-dead-letter-exchange': 'own' }),
  ),
  limited('the routing key of a topic exchange needs its right to be written', async (ch) => {
    ch.publish({ exchange: 'own.topic', routingKey: 'allowed.key', body: '1' })
    await ch.fence()
    ch.publish({ exchange: 'own.topic', routingKey: 'other.key', body: '1' })
    await ch.closed()
  }),
  limited('the routing key of a topic exchange needs its right to be bound', async (ch) => {
    await ch.bind('own', 'own.topic', 'allowed.#')
    await ch.bind('own', 'own.topic', 'other.#')
  }),
]
