import type { Fields } from '../method.ts'
import type { PeerChannel } from '../peer-channel.ts'
import { scenario } from '../scenario.ts'

/** A declaration, then the same with other settings: the channel's answer to the second. */
const redeclared = (name: string, first: Fields, second: Fields) =>
  scenario(name, async (s) => {
    const ch = await s.channel()
    await ch.call('exchange.declare', { exchange: 'x', type: 'direct', ...first })
    await ch.call('exchange.declare', { exchange: 'x', type: 'direct', ...second })
  })

const once = (name: string, act: (ch: PeerChannel) => Promise<unknown>) =>
  scenario(name, async (s) => {
    const ch = await s.channel()
    await act(ch)
  })

export const exchangeScenarios = [
  once('exchanges of all four types are declared', async (ch) => {
    for (const type of ['direct', 'fanout', 'topic', 'headers']) await ch.exchange(type, type)
  }),
  once('the predeclared exchanges are there', async (ch) => {
    for (const name of ['', 'amq.direct', 'amq.fanout', 'amq.topic', 'amq.headers', 'amq.match'])
      await ch.call('exchange.declare', { exchange: name, passive: true })
    await ch.call('exchange.declare', { exchange: 'amq.rabbitmq.trace', passive: true })
  }),
  scenario('declaring an exchange of an unknown type', async (s) => {
    const ch = await s.channel()
    await ch.exchange('x', 'telepathy')
    await ch.peer.end()
  }),
  scenario('declaring an exchange of an empty type', async (s) => {
    const ch = await s.channel()
    await ch.exchange('x', '')
    await ch.peer.end()
  }),
  scenario('declaring an exchange of type x-delayed-message', async (s) => {
    const ch = await s.channel()
    await ch.exchange('x', 'x-delayed-message', { arguments: { 'x-delayed-type': 'direct' } })
    await ch.peer.until(() => ch.peer.ended || undefined, 500)
  }),
  redeclared('an exchange declared again with the same settings is the same', {}, {}),
  redeclared('an exchange declared again with another type is refused', {}, { type: 'fanout' }),
  redeclared('an exchange declared again with durable is refused', {}, { durable: true }),
  redeclared('a durable exchange declared again without is refused', { durable: true }, {}),
  redeclared('an exchange declared again with auto-delete is refused', {}, { autoDelete: true }),
  redeclared('an exchange declared again with internal is refused', {}, { internal: true }),
  redeclared(
    'an exchange declared again with an alternate exchange is refused',
    {},
    { arguments: { 'alternate-exchange': 'other' } },
  ),
  redeclared(
    'an exchange declared again without its alternate exchange is refused',
    { arguments: { 'alternate-exchange': 'other' } },
    {},
  ),
  redeclared(
    'an exchange declared again with another unknown argument is the same',
    { arguments: { 'x-colour': 'red' } },
    { arguments: { 'x-colour': 'blue' } },
  ),
  once('an alternate exchange that is no string is refused', (ch) =>
    ch.exchange('x', 'direct', { arguments: { 'alternate-exchange': 5 } }),
  ),
  once('a passive declaration ignores type and settings', async (ch) => {
    await ch.exchange('x', 'direct')
    await ch.call('exchange.declare', {
      exchange: 'x',
      type: 'fanout',
      passive: true,
      durable: true,
    })
    await ch.call('exchange.declare', { exchange: 'x', type: 'nonsense', passive: true })
  }),
  once('a passive declaration of nothing is not found', (ch) =>
    ch.call('exchange.declare', { exchange: 'missing', passive: true }),
  ),
  once('a name that begins with amq. is reserved', (ch) => ch.exchange('amq.mine', 'direct')),
  once('a predeclared exchange may be declared again with its own settings', (ch) =>
    ch.exchange('amq.direct', 'direct', { durable: true }),
  ),
  once('a predeclared exchange declared with other settings is refused', (ch) =>
    ch.exchange('amq.direct', 'fanout', { durable: true }),
  ),
  once('the default exchange cannot be declared', (ch) =>
    ch.exchange('', 'direct', { durable: true }),
  ),
  once('the default exchange cannot be deleted', (ch) => ch.call('exchange.delete')),
  once('a predeclared exchange cannot be deleted', (ch) =>
    ch.call('exchange.delete', { exchange: 'amq.topic' }),
  ),
  once('an exchange that is not there is deleted', (ch) =>
    ch.call('exchange.delete', { exchange: 'missing' }),
  ),
  once('an exchange that is not there is deleted if unused', (ch) =>
    ch.call('exchange.delete', { exchange: 'missing', ifUnused: true }),
  ),
  once('an exchange with a binding is not deleted if unused', async (ch) => {
    await ch.exchange('x', 'direct')
    await ch.declare('q')
    await ch.bind('q', 'x', 'k')
    await ch.call('exchange.delete', { exchange: 'x', ifUnused: true })
    await ch.call('channel.open')
    await ch.call('exchange.declare', { exchange: 'x', passive: true })
  }),
  once('an exchange that is only a destination is unused', async (ch) => {
    await ch.exchange('x', 'direct')
    await ch.exchange('y', 'direct')
    await ch.call('exchange.bind', { source: 'x', destination: 'y' })
    await ch.call('exchange.delete', { exchange: 'y', ifUnused: true })
    await ch.call('exchange.delete', { exchange: 'x', ifUnused: true })
  }),
  once('a deleted exchange takes its bindings with it', async (ch) => {
    await ch.exchange('x', 'fanout')
    await ch.declare('q')
    await ch.bind('q', 'x')
    await ch.call('exchange.delete', { exchange: 'x' })
    await ch.exchange('x', 'fanout')
    ch.publish({ exchange: 'x', mandatory: true, body: '1' })
    await ch.take('basic.return')
  }),
  once('an auto-delete exchange goes with its last binding, not before the first', async (ch) => {
    await ch.exchange('x', 'direct', { autoDelete: true })
    await ch.declare('q')
    await ch.bind('q', 'x', 'a')
    await ch.bind('q', 'x', 'b')
    await ch.call('queue.unbind', { queue: 'q', exchange: 'x', routingKey: 'a' })
    await ch.call('exchange.declare', { exchange: 'x', passive: true })
    await ch.call('queue.unbind', { queue: 'q', exchange: 'x', routingKey: 'b' })
    await ch.call('exchange.declare', { exchange: 'x', passive: true })
  }),
  once('an auto-delete exchange goes with the last queue bound to it', async (ch) => {
    await ch.exchange('x', 'direct', { autoDelete: true })
    await ch.declare('q')
    await ch.bind('q', 'x', 'a')
    await ch.call('queue.delete', { queue: 'q' })
    await ch.call('exchange.declare', { exchange: 'x', passive: true })
  }),
  once('a chain of auto-delete exchanges goes together', async (ch) => {
    await ch.exchange('x', 'fanout', { autoDelete: true })
    await ch.exchange('y', 'fanout', { autoDelete: true })
    await ch.declare('q')
    await ch.bind('q', 'y')
    await ch.call('exchange.bind', { source: 'x', destination: 'y' })
    await ch.call('queue.delete', { queue: 'q' })
    await ch.call('exchange.declare', { exchange: 'y', passive: true })
    await ch.call('channel.open')
    await ch.call('exchange.declare', { exchange: 'x', passive: true })
  }),
  once('line ends in a name are left out', async (ch) => {
    await ch.exchange('line\r\nend', 'direct')
    await ch.call('exchange.declare', { exchange: 'lineend', passive: true })
    await ch.call('exchange.delete', { exchange: 'li\nneend' })
    await ch.call('exchange.declare', { exchange: 'lineend', passive: true })
  }),
  once('a name of 255 octets is as good as any', async (ch) => {
    await ch.exchange('n'.repeat(255), 'direct')
    await ch.call('exchange.delete', { exchange: 'n'.repeat(255) })
  }),
  once('a name may be of any octets', async (ch) => {
    await ch.exchange('Gr\xc3\xbc\xc3\x9fe \xe2\x9c\x93 /?*#', 'direct')
    await ch.call('exchange.declare', {
      exchange: 'Gr\xc3\xbc\xc3\x9fe \xe2\x9c\x93 /?*#',
      passive: true,
    })
  }),
  once('a name that is not UTF-8', async (ch) => {
    await ch.exchange('bad \xff\xfe', 'direct')
    await ch.call('exchange.declare', { exchange: 'bad \xff\xfe', passive: true })
  }),
  once('an internal exchange takes no publishes', async (ch) => {
    await ch.exchange('x', 'fanout', { internal: true })
    ch.publish({ exchange: 'x', body: '1' })
    await ch.closed()
  }),
  once('an internal exchange passes on what another exchange gives it', async (ch) => {
    await ch.exchange('inner', 'fanout', { internal: true })
    await ch.exchange('outer', 'fanout')
    await ch.declare('q')
    await ch.call('exchange.bind', { source: 'outer', destination: 'inner' })
    await ch.bind('q', 'inner')
    ch.publish({ exchange: 'outer', routingKey: 'k', body: '1' })
    await ch.get('q')
  }),
  once('the trace exchange takes no publishes', async (ch) => {
    ch.publish({ exchange: 'amq.rabbitmq.trace', body: '1' })
    await ch.closed()
  }),
]
