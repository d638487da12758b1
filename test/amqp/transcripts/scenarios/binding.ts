import type { PeerChannel } from '../peer-channel.ts'
import { scenario } from '../scenario.ts'

const bound = (name: string, act: (ch: PeerChannel) => Promise<unknown>) =>
  scenario(name, async (s) => {
    const ch = await s.channel()
    await ch.declare('q')
    await ch.exchange('x', 'direct')
    await ch.exchange('y', 'direct')
    await act(ch)
  })

async function arrives(ch: PeerChannel, exchange: string, routingKey: string): Promise<void> {
  ch.publish({ exchange, routingKey, body: routingKey, mandatory: true })
  await ch.get('q', { noAck: true })
}

export const bindingScenarios = [
  bound('a queue bound twice in the same way gets one copy', async (ch) => {
    await ch.bind('q', 'x', 'k')
    await ch.bind('q', 'x', 'k')
    await arrives(ch, 'x', 'k')
    await ch.call('queue.unbind', { queue: 'q', exchange: 'x', routingKey: 'k' })
    await arrives(ch, 'x', 'k')
  }),
  bound('bindings with other arguments are other bindings, and still one copy', async (ch) => {
    await ch.bind('q', 'x', 'k', { a: 1 })
    await ch.bind('q', 'x', 'k', { a: 2 })
    await arrives(ch, 'x', 'k')
    await ch.call('queue.unbind', { queue: 'q', exchange: 'x', routingKey: 'k' })
    await ch.call('queue.unbind', {
      queue: 'q',
      exchange: 'x',
      routingKey: 'k',
      arguments: { a: 1 },
    })
    await arrives(ch, 'x', 'k')
    await ch.call('queue.unbind', {
      queue: 'q',
      exchange: 'x',
      routingKey: 'k',
      arguments: { a: 2 },
    })
    await arrives(ch, 'x', 'k')
  }),
  bound('the order of arguments does not matter for unbinding', async (ch) => {
    await ch.bind('q', 'x', 'k', { a: 1, b: 2 })
    await ch.call('queue.unbind', {
      queue: 'q',
      exchange: 'x',
      routingKey: 'k',
      arguments: { b: 2, a: 1 },
    })
    await arrives(ch, 'x', 'k')
  }),
  bound('binding to an exchange that is not there', (ch) => ch.bind('q', 'missing', 'k')),
  bound('binding a queue that is not there', (ch) => ch.bind('missing', 'x', 'k')),
  bound('binding a queue that is not there to an exchange that is not there', (ch) =>
    ch.bind('missing', 'gone', 'k'),
  ),
  bound('binding to the default exchange is refused', (ch) => ch.bind('q', '', 'k')),
  bound('unbinding from the default exchange is refused', (ch) =>
    ch.call('queue.unbind', { queue: 'q', exchange: '', routingKey: 'q' }),
  ),
  bound('unbinding what was never bound', (ch) =>
    ch.call('queue.unbind', { queue: 'q', exchange: 'x', routingKey: 'never' }),
  ),
  bound('unbinding a queue that is not there', (ch) =>
    ch.call('queue.unbind', { queue: 'missing', exchange: 'x', routingKey: 'k' }),
  ),
  bound('unbinding from an exchange that is not there', (ch) =>
    ch.call('queue.unbind', { queue: 'q', exchange: 'missing', routingKey: 'k' }),
  ),
  bound('binding exchanges, one of which is not there', async (ch) => {
    await ch.call('exchange.bind', { source: 'x', destination: 'missing' })
    await ch.call('channel.open')
    await ch.call('exchange.bind', { source: 'missing', destination: 'x' })
  }),
  bound('binding the default exchange to another is refused', async (ch) => {
    await ch.call('exchange.bind', { source: '', destination: 'x' })
    await ch.call('channel.open')
    await ch.call('exchange.bind', { source: 'x', destination: '' })
  }),
  bound('unbinding exchanges that are not there', (ch) =>
    ch.call('exchange.unbind', { source: 'missing', destination: 'gone' }),
  ),
  bound('unbinding exchanges that were never bound', (ch) =>
    ch.call('exchange.unbind', { source: 'x', destination: 'y', routingKey: 'never' }),
  ),
  bound('an exchange bound to an exchange passes messages on by routing key', async (ch) => {
    await ch.call('exchange.bind', { source: 'x', destination: 'y', routingKey: 'k' })
    await ch.bind('q', 'y', 'k')
    await ch.bind('q', 'y', 'other')
    await arrives(ch, 'x', 'k')
    await arrives(ch, 'x', 'other')
    await ch.call('exchange.unbind', { source: 'x', destination: 'y', routingKey: 'k' })
    await arrives(ch, 'x', 'k')
  }),
  bound('a circle of exchanges ends, and a queue in it gets one copy', async (ch) => {
    await ch.call('exchange.bind', { source: 'x', destination: 'y', routingKey: 'k' })
    await ch.call('exchange.bind', { source: 'y', destination: 'x', routingKey: 'k' })
    await ch.call('exchange.bind', { source: 'x', destination: 'x', routingKey: 'k' })
    await ch.bind('q', 'x', 'k')
    await ch.bind('q', 'y', 'k')
    await arrives(ch, 'x', 'k')
    await arrives(ch, 'y', 'k')
    await ch.get('q')
  }),
  bound('a deleted destination exchange is no destination any more', async (ch) => {
    await ch.call('exchange.bind', { source: 'x', destination: 'y', routingKey: 'k' })
    await ch.bind('q', 'y', 'k')
    await ch.call('exchange.delete', { exchange: 'y' })
    await arrives(ch, 'x', 'k')
  }),
  bound('a deleted queue is bound to nothing when it is declared again', async (ch) => {
    await ch.bind('q', 'x', 'k')
    await ch.call('queue.delete', { queue: 'q' })
    await ch.declare('q')
    await arrives(ch, 'x', 'k')
  }),
  bound('every queue is bound to the default exchange under its name', (ch) =>
    arrives(ch, '', 'q'),
  ),
  bound('an alternate exchange gets what is not routed, before it is returned', async (ch) => {
    await ch.exchange('spare', 'fanout')
    await ch.exchange('main', 'direct', { arguments: { 'alternate-exchange': 'spare' } })
    await arrives(ch, 'main', 'unbound')
    await ch.bind('q', 'spare')
    await arrives(ch, 'main', 'unbound')
    await ch.bind('q', 'main', 'bound')
    await arrives(ch, 'main', 'bound')
    await ch.get('q')
  }),
  bound('a policy gives exchanges their alternate exchange', async (ch) => {
    await ch.exchange('policy-spare', 'fanout')
    await ch.exchange('policy-exchange', 'direct')
    await ch.bind('q', 'policy-spare')
    await arrives(ch, 'policy-exchange', 'unbound')
  }),
  bound('an alternate exchange that is not there', async (ch) => {
    await ch.exchange('main', 'direct', { arguments: { 'alternate-exchange': 'missing' } })
    await arrives(ch, 'main', 'unbound')
  }),
  bound('alternate exchanges in a circle end', async (ch) => {
    await ch.exchange('one', 'direct', { arguments: { 'alternate-exchange': 'two' } })
    await ch.exchange('two', 'direct', { arguments: { 'alternate-exchange': 'one' } })
    await arrives(ch, 'one', 'unbound')
  }),
  bound('the alternate exchange of a destination exchange', async (ch) => {
    await ch.exchange('spare', 'fanout')
    await ch.exchange('inner', 'direct', { arguments: { 'alternate-exchange': 'spare' } })
    await ch.bind('q', 'spare')
    await ch.call('exchange.bind', { source: 'x', destination: 'inner', routingKey: 'k' })
    await arrives(ch, 'x', 'k')
  }),
]
