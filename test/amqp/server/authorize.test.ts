/*
 * Every method a client can send, for users of every combination of rights: what RabbitMQ documents for
 * the method is what it takes, no less and no more.
 *
 *   'queue.bind'  write on the queue, read on the exchange
 *   ─▶ of the eight users who have or lack configure, write, read, only those with both may
 *
 * Tags and rights elsewhere are of no use: administrators without an entry are refused like strangers.
 */

import assert from 'node:assert/strict'
import { Buffer } from 'node:buffer'
import { after, before, test } from 'node:test'
import { type MethodRow, methodTable } from '../../../src/amqp/protocol/method-table.ts'
import type { ClientMethod, Method } from '../../../src/amqp/protocol/methods.ts'
import { type RunningBroker, startBroker } from '../../../src/amqp.ts'
import type { HeaderTable } from '../../../src/embedded/routing/header-value.ts'
import type { Right } from '../../../src/virtual-host/port.ts'
import { refusalText, SocketClient } from './socket-client.ts'

interface Row {
  readonly title: string
  readonly needs: readonly Right[] | 'any'
  /** Sent one after the other; the last one is judged. */
  readonly methods: readonly ClientMethod[]
  readonly body?: string
}

const none: HeaderTable = new Map()
const declaredQueue = { durable: false, exclusive: false, autoDelete: false, nowait: false }
const queue = (passive: boolean, args = none): ClientMethod => ({
  name: 'queue.declare',
  queue: 'q',
  passive,
  ...declaredQueue,
  args,
})
const exchange = (name: string, type: string, passive: boolean, args = none): ClientMethod => ({
  name: 'exchange.declare',
  exchange: name,
  type,
  passive,
  durable: false,
  autoDelete: false,
  internal: false,
  nowait: false,
  args,
})
const publish = (to: string): ClientMethod => ({
  name: 'basic.publish',
  exchange: to,
  routingKey: 'q',
  mandatory: false,
  immediate: false,
})
const consume: ClientMethod = {
  name: 'basic.consume',
  queue: 'q',
  consumerTag: 'c',
  noLocal: false,
  noAck: false,
  exclusive: false,
  nowait: false,
  args: none,
}
const dlx = new Map([['x-dead-letter-exchange', 'x']])
const alternate = new Map([['alternate-exchange', 'x']])
const bound = { routingKey: 'k', args: none }
const queueBound = { queue: 'q', exchange: 'x', ...bound }
const exchangeBound = { destination: 'e', source: 'x', ...bound, nowait: false }
const select: ClientMethod = { name: 'confirm.select', nowait: false }
const unused = { ifUnused: false, nowait: false }

const rows: readonly Row[] = [
  { title: 'declare a queue', needs: ['configure'], methods: [queue(false)] },
  { title: 'ask for a queue', needs: 'any', methods: [queue(true)] },
  {
    title: 'declare a queue with a dead-letter exchange',
    needs: ['configure', 'write', 'read'],
    methods: [{ ...queue(false, dlx), queue: 'with-dlx' } as ClientMethod],
  },
  { title: 'declare an exchange', needs: ['configure'], methods: [exchange('x', 'direct', false)] },
  { title: 'ask for an exchange', needs: 'any', methods: [exchange('x', 'direct', true)] },
  {
    title: 'declare an exchange with an alternate one',
    needs: ['configure', 'write', 'read'],
    methods: [exchange('with-alternate', 'direct', false, alternate)],
  },
  {
    title: 'delete an exchange',
    needs: ['configure'],
    methods: [{ name: 'exchange.delete', exchange: 'e', ...unused }],
  },
  {
    title: 'bind an exchange',
    needs: ['write', 'read'],
    methods: [{ name: 'exchange.bind', ...exchangeBound }],
  },
  {
    title: 'unbind an exchange',
    needs: ['write', 'read'],
    methods: [{ name: 'exchange.unbind', ...exchangeBound }],
  },
  {
    title: 'bind a queue',
    needs: ['write', 'read'],
    methods: [{ name: 'queue.bind', ...queueBound, nowait: false }],
  },
  {
    title: 'unbind a queue',
    needs: ['write', 'read'],
    methods: [{ name: 'queue.unbind', ...queueBound }],
  },
  {
    title: 'purge a queue',
    needs: ['read'],
    methods: [{ name: 'queue.purge', queue: 'q', nowait: false }],
  },
  {
    title: 'delete a queue',
    needs: ['configure'],
    methods: [{ name: 'queue.delete', queue: 'q', ifEmpty: false, ...unused }],
  },
  { title: 'publish', needs: ['write'], methods: [select, publish('x')], body: 'x' },
  {
    title: 'publish to the default exchange',
    needs: ['write'],
    methods: [select, publish('')],
    body: 'x',
  },
  {
    title: 'publish in a transaction',
    needs: ['write'],
    methods: [{ name: 'tx.select' }, publish('x'), { name: 'tx.commit' }],
  },
  { title: 'consume', needs: ['read'], methods: [consume] },
  { title: 'get', needs: ['read'], methods: [{ name: 'basic.get', queue: 'q', noAck: true }] },
  {
    title: 'cancel',
    needs: [],
    methods: [{ name: 'basic.cancel', consumerTag: 'c', nowait: false }],
  },
  {
    title: 'set the prefetch',
    needs: [],
    methods: [{ name: 'basic.qos', prefetchSize: 0, prefetchCount: 1, global: false }],
  },
  { title: 'recover', needs: [], methods: [{ name: 'basic.recover', requeue: true }] },
  { title: 'ask for confirms', needs: [], methods: [select] },
  { title: 'begin a transaction', needs: [], methods: [{ name: 'tx.select' }] },
  { title: 'roll back', needs: [], methods: [{ name: 'tx.select' }, { name: 'tx.rollback' }] },
  { title: 'go on flowing', needs: [], methods: [{ name: 'channel.flow', active: true }] },
]

/** What has no resource: the handshake, goodbyes, and what is about deliveries the channel already has. */
const withoutResource = [
  ...['connection.start-ok', 'connection.secure-ok', 'connection.tune-ok', 'connection.open'],
  ...['connection.close', 'connection.close-ok', 'connection.update-secret'],
  ...['channel.open', 'channel.close', 'channel.close-ok', 'channel.flow-ok', 'access.request'],
  ...['basic.ack', 'basic.nack', 'basic.reject', 'basic.recover-async', 'basic.cancel-ok'],
]

const rights: readonly Right[] = ['configure', 'write', 'read']
const combinations: readonly (readonly Right[])[] = Array.from({ length: 8 }, (_, n) =>
  rights.filter((_right, bit) => ((n >> bit) & 1) === 1),
)
const userOf = (held: readonly Right[]): string => `has ${held.join(' ') || 'nothing'}`
const password = 'secret'

let broker: RunningBroker
let admin: SocketClient
before(async () => {
  const users = ['boss', ...combinations.map(userOf)].map((name) => ({
    name,
    password,
    tags: ['administrator', 'monitoring', 'policymaker', 'management'],
  }))
  broker = await startBroker({ users, virtualHosts: ['elsewhere'] })
  admin = await SocketClient.open({ port: broker.port }, { user: 'boss', password })
  for (const held of combinations) {
    const pattern = (right: Right): string => (held.includes(right) ? '.*' : '')
    const own = { configure: pattern('configure'), write: pattern('write'), read: pattern('read') }
    broker.accounts.setPermission({ user: userOf(held), vhost: '/', ...own })
  }
  admin.send(1, { name: 'channel.open' }).flush()
  await admin.expect('channel.open-ok')
})
after(async () => {
  admin.socket.destroy()
  await broker.close()
})

/** What the methods are about is there again. */
async function prepare(): Promise<void> {
  const declared = [queue(false), exchange('x', 'direct', false), exchange('e', 'direct', false)]
  for (const method of declared) admin.send(1, method)
  admin.send(1, { name: 'queue.delete', queue: 'with-dlx', ifEmpty: false, ...unused })
  admin.send(1, { name: 'exchange.delete', exchange: 'with-alternate', ...unused }).flush()
  for (let n = 0; n < 5; n++) await admin.next()
}

/** The answer to the last method on a channel of its own. */
async function answer(client: SocketClient, channel: number, row: Row): Promise<Method> {
  client.send(channel, { name: 'channel.open' })
  for (const method of row.methods) {
    client.send(channel, method)
    if (method.name === 'basic.publish')
      client.writer.content(channel, Uint8Array.of(0, 0), Buffer.from('x'), 131_072)
  }
  client.flush()
  // A publish has no answer of its own, but the confirm does.
  const silent = row.body === undefined && row.title.startsWith('publish') ? 1 : 0
  let last: Method | undefined
  for (let left = row.methods.length + 1 - silent; left > 0; left--) {
    last = (await client.next())?.method
    assert.ok(last !== undefined, `the connection was closed for: ${row.title}`)
    if (last.name === 'channel.close') {
      client.send(channel, { name: 'channel.close-ok' }).flush()
      return last
    }
  }
  const goodbye = { replyCode: 200, replyText: '', classId: 0, methodId: 0 }
  client.send(channel, { name: 'channel.close', ...goodbye }).flush()
  // A consumer may have been given messages meanwhile.
  while ((await client.next())?.method.name !== 'channel.close-ok');
  return last as Method
}

test('every method that a client can send is in the table, or has no resource', () => {
  const named = new Set([
    ...rows.flatMap(({ methods }) => methods.map(({ name }) => name)),
    ...withoutResource,
  ])
  const sent = Object.entries<MethodRow>(methodTable).filter(
    ([, [, , sender]]) => sender !== 'server',
  )
  assert.deepEqual(
    sent.map(([name]) => name).filter((name) => !named.has(name)),
    [],
  )
})

for (const held of combinations) {
  test(`who ${userOf(held)} may do what that suffices for, and nothing else`, async () => {
    using client = await SocketClient.open({ port: broker.port }, { user: userOf(held), password })
    for (const row of rows) {
      await prepare()
      const { needs } = row
      const may = needs === 'any' ? held.length > 0 : needs.every((right) => held.includes(right))
      const said = await answer(client, 1, row)
      if (may) assert.notEqual(said.name, 'channel.close', `${row.title}: ${refusalText(said)}`)
      else assert.match(refusalText(said), /^channel\.close 403 ACCESS_REFUSED - /, row.title)
    }
  })
}

test('a refused method has changed nothing', async () => {
  const user = userOf(['write'])
  using client = await SocketClient.open({ port: broker.port }, { user, password })
  client.send(1, { name: 'channel.open' }).declare(1, 'not there').flush()
  await client.expect('channel.open-ok')
  await client.expect('channel.close')
  admin.send(1, { ...queue(true), queue: 'not there' } as ClientMethod).flush()
  assert.match((await admin.expect('channel.close')).replyText, /^NOT_FOUND - /)
  admin.send(1, { name: 'channel.close-ok' }).send(1, { name: 'channel.open' }).flush()
  await admin.expect('channel.open-ok')
})

test('tags, and rights in another virtual host, let nobody in', async () => {
  await broker.accounts.addUser({
    name: 'visitor',
    password: Buffer.from(password),
    tags: ['administrator', 'monitoring', 'impersonator'],
  })
  const all = { configure: '.*', write: '.*', read: '.*' }
  broker.accounts.setPermission({ user: 'visitor', vhost: 'elsewhere', ...all })
  const open = (vhost: string) =>
    SocketClient.open({ port: broker.port }, { user: 'visitor', password, vhost })
  await assert.rejects(open('/'), /530 NOT_ALLOWED - access to vhost '\/' refused/)
  using there = await open('elsewhere')
  assert.equal(there.isClosed, false)
})

test('only an impersonator publishes as somebody else', async () => {
  const users = [
    { name: 'honest', password },
    { name: 'actor', password, tags: ['impersonator'] },
  ]
  await using own = await startBroker({ users })
  for (const [user, answerName] of [
    ['honest', 'channel.close'],
    ['actor', 'basic.ack'],
  ] as const) {
    using client = await SocketClient.open({ port: own.port }, { user, password })
    await client.queue(1, 'q')
    await client.confirms(1)
    client.send(1, publish(''))
    // The property user-id, flag 4, says: boss.
    const properties = Buffer.concat([Uint8Array.of(0, 0x10, 4), Buffer.from('boss')])
    client.writer.content(1, properties, Buffer.from('x'), 131_072)
    client.flush()
    assert.equal((await client.next())?.method.name, answerName)
  }
})
