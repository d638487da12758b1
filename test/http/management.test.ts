import assert from 'node:assert/strict'
import { test } from 'node:test'
import { type Channel, connect } from 'amqplib'
import type { ChannelObject, ConnectionObject } from '../../src/http/shapes/connection.ts'
import type { ConsumerObject } from '../../src/http/shapes/consumer.ts'
import type { QueueDetail, QueueObject } from '../../src/http/shapes/queue.ts'
import { type HttpClient, type HttpTestServer, httpTestServer } from './http-server.ts'

async function read<T>(api: HttpClient, path: string): Promise<T> {
  const { status, json, text } = await api('GET', path)
  assert.equal(status, 200, text)
  return json as T
}

const amqpUrl = (server: HttpTestServer, user = 'admin', password = server.adminPassword): string =>
  `amqp://${user}:${password}@127.0.0.1:${server.port}`

/** Five messages, of which a consumer holds two. */
async function busy(channel: Channel): Promise<void> {
  await channel.prefetch(2)
  await channel.assertQueue('work')
  const held = new Promise<void>((resolve) => {
    let count = 0
    const took = (): void => {
      if (++count === 2) resolve()
    }
    void channel.consume('work', took, { consumerTag: 'worker' })
  })
  for (let n = 0; n < 5; n++) channel.sendToQueue('work', Buffer.from(`${n}`))
  await held
}

test('a scraper of queue lengths finds what waits, what is held and who consumes', async () => {
  await using server = await httpTestServer()
  await using client = await closing(connect(amqpUrl(server)))
  await busy(await client.connection.createChannel())
  // As KEDA asks: one queue by its path, and all that match an expression.
  const queue = await read<QueueObject>(server.api, '/api/queues/%2F/work?disable_stats=false')
  assert.deepEqual(
    [queue.messages, queue.messages_ready, queue.messages_unacknowledged, queue.consumers],
    [5, 3, 2, 1],
  )
  assert.equal(typeof queue.message_stats?.publish_details.rate, 'number')
  const path = '/api/queues/%2F?page=1&use_regex=true&pagination=false&name=%5Ewo&page_size=100'
  const matching = await read<readonly QueueObject[]>(server.api, path)
  assert.deepEqual(
    matching.map(({ name, messages }) => [name, messages]),
    [['work', 5]],
  )
  // As exporters ask: everything, with the columns they know.
  const columns = 'name,vhost,messages_ready,message_stats.publish,consumers'
  const rows = await read<readonly object[]>(server.api, `/api/queues?columns=${columns}`)
  assert.deepEqual(rows, [
    { name: 'work', vhost: '/', messages_ready: 3, consumers: 1, message_stats: { publish: 5 } },
  ])
  const plain = await read<QueueObject>(server.api, '/api/queues/%2F/work?disable_stats=true')
  assert.equal(plain.messages, undefined)
})

test('connections, channels and consumers are shown, and to others only their own', async () => {
  await using server = await httpTestServer()
  const ann = await server.addUser('ann', ['management'])
  const monitor = await server.addUser('mo', ['monitoring'])
  await using client = await closing(
    connect(amqpUrl(server), { clientProperties: { connection_name: 'shop' } }),
  )
  await busy(await client.connection.createChannel())
  for (const api of [server.api, monitor]) {
    const [connection] = await read<readonly ConnectionObject[]>(api, '/api/connections')
    assert.equal(connection?.user_provided_name, 'shop')
    const [channel] = await read<readonly ChannelObject[]>(api, '/api/channels')
    assert.equal(channel?.name, `${connection?.name} (1)`)
    assert.deepEqual([channel?.messages_unacknowledged, channel?.prefetch_count], [2, 2])
    const [consumer] = await read<readonly ConsumerObject[]>(api, '/api/consumers/%2F')
    assert.deepEqual(
      [consumer?.consumer_tag, consumer?.queue.name, consumer?.homing.unacknowledged],
      ['worker', 'work', 2],
    )
    const detail = await read<QueueDetail>(api, '/api/queues/%2F/work')
    assert.deepEqual(detail.consumer_details, [consumer])
  }
  assert.deepEqual(await read(ann, '/api/connections'), [])
  assert.deepEqual(await read(ann, '/api/channels'), [])
  const [connection] = await read<readonly ConnectionObject[]>(server.api, '/api/connections')
  const path = `/api/connections/${encodeURIComponent(connection?.name ?? '')}`
  assert.equal((await ann('GET', path)).status, 404)
  assert.equal((await ann('DELETE', path)).status, 404)
  assert.equal((await monitor('DELETE', path)).status, 403)
})

test('a connection is closed with the reason that was given', async () => {
  await using server = await httpTestServer()
  const client = await connect(amqpUrl(server))
  const closed = new Promise<Error>((resolve) => client.once('close', resolve))
  const [connection] = await read<readonly ConnectionObject[]>(server.api, '/api/connections')
  const path = `/api/connections/${encodeURIComponent(connection?.name ?? '')}`
  const answer = await server.api('DELETE', path, undefined, {
    'x-reason': `maintenance ${'x'.repeat(300)}`,
  })
  assert.equal(answer.status, 204)
  assert.match((await closed).message, /CONNECTION_FORCED - maintenance x+/)
})

test('a consumer is cancelled, its client is told, and what it held stays held', async () => {
  await using server = await httpTestServer()
  await using client = await closing(connect(amqpUrl(server)))
  const channel = await client.connection.createChannel()
  const told = new Promise<void>((resolve) => {
    void channel.assertQueue('work').then(() => {
      channel.sendToQueue('work', Buffer.from('held'))
      return channel.consume('work', (message) => message ?? resolve(), { consumerTag: 'c' })
    })
  })
  const held = async (): Promise<QueueObject> => read(server.api, '/api/queues/%2F/work')
  while ((await held().catch(() => undefined))?.messages_unacknowledged !== 1);
  const [of] = await read<readonly ChannelObject[]>(server.api, '/api/channels')
  const path = `/api/channels/${encodeURIComponent(of?.name ?? '')}`
  assert.equal((await server.api('DELETE', `${path}/consumers/none`)).status, 404)
  assert.equal((await server.api('DELETE', `${path}/consumers/c`)).status, 204)
  await told
  const { consumers, messages_unacknowledged } = await held()
  assert.deepEqual([consumers, messages_unacknowledged], [0, 1])
})

test('lists show what the user has a right on, and everything to monitoring', async () => {
  await using server = await httpTestServer()
  const ann = await server.addUser('ann', ['management'])
  const monitor = await server.addUser('mo', ['monitoring'])
  for (const name of ['ann-1', 'ann-2', 'other'])
    await server.api('PUT', `/api/queues/%2F/${name}`, {})
  await server.api('PUT', '/api/exchanges/%2F/ann-x', { type: 'topic' })
  const rights = { configure: '', write: '^ann-', read: '' }
  await server.api('PUT', '/api/permissions/%2F/ann', rights)
  const { server: running } = server
  running.accounts.clearPermission('mo', '/')
  const names = async (api: HttpClient, path: string): Promise<readonly string[]> =>
    (await read<readonly { name: string }[]>(api, path)).map(({ name }) => name)
  assert.deepEqual(await names(ann, '/api/queues'), ['ann-1', 'ann-2'])
  assert.deepEqual(await names(ann, '/api/exchanges'), ['ann-x'])
  assert.equal((await ann('GET', '/api/queues/%2F/other')).status, 404)
  assert.equal((await ann('GET', '/api/exchanges/%2F/amq.default')).status, 404)
  assert.deepEqual(await names(monitor, '/api/queues'), ['ann-1', 'ann-2', 'other'])
  const overview = await read<{ object_totals: { queues: number } }>(ann, '/api/overview')
  assert.equal(overview.object_totals.queues, 2)
})

test('a policy is in force at once, and a queue shows which one', async () => {
  await using server = await httpTestServer()
  await server.api('PUT', '/api/queues/%2F/orders', {})
  await server.api('PUT', '/api/policies/%2F/cap', {
    pattern: '^orders',
    definition: { 'max-length': 1, overflow: 'reject-publish' },
  })
  const publish = { routing_key: 'orders', payload: 'x' }
  const path = '/api/exchanges/%2F/amq.default/publish'
  assert.equal((await server.api('POST', path, publish)).status, 200)
  const refused = await server.api('POST', path, publish)
  assert.deepEqual([refused.status, (refused.json as { code: string }).code], [429, 'queue-full'])
  assert.equal((await read<QueueObject>(server.api, '/api/queues/%2F/orders')).policy, 'cap')
})

test('a virtual host that is deleted goes with everything, and a new one is empty', async () => {
  await using server = await httpTestServer()
  const put = { durable: true }
  await server.api('PUT', '/api/vhosts/shop', {})
  assert.equal((await server.api('PUT', '/api/queues/shop/orders', put)).status, 201)
  await server.api('DELETE', '/api/vhosts/shop')
  assert.equal((await server.api('GET', '/api/queues/shop')).status, 404)
})

test('what is taken from a user by HTTP ends connections and sessions of that user alone', async () => {
  await using server = await httpTestServer()
  await using other = await closing(connect(amqpUrl(server)))
  const losses: readonly (readonly [method: string, path: string, body?: object])[] = [
    ['PUT', '/api/permissions/%2F/ann', { configure: '', write: '', read: '' }],
    ['DELETE', '/api/permissions/%2F/ann'],
    ['PUT', '/api/users/ann', { tags: '' }],
    ['POST', '/api/users/bulk-delete', { users: ['ann'] }],
    ['DELETE', '/api/users/ann'],
  ]
  for (const [method, path, body] of losses) {
    await server.addUser('ann', ['management'])
    const client = await connect(amqpUrl(server, 'ann', 'pw'))
    const closed = new Promise<Error>((resolve) => client.once('close', resolve))
    const login = { user: 'ann', password: 'pw' }
    const opened = await server.as('')('POST', '/api/session', login)
    const cookie = opened.headers.getSetCookie()[0]?.split(';')[0] ?? ''
    const asPage = () => server.as('')('GET', '/api/session', undefined, { cookie })
    assert.equal((await asPage()).status, 200)
    assert.ok((await server.api(method, path, body)).status < 300, path)
    assert.match((await closed).message, /CONNECTION_FORCED/)
    assert.equal((await asPage()).status, 401, path)
    if (!path.includes('users') || method === 'PUT') server.server.accounts.deleteUser('ann')
  }
  assert.ok(await other.connection.createChannel())
})

interface Closing extends AsyncDisposable {
  readonly connection: Awaited<ReturnType<typeof connect>>
}

async function closing(opening: ReturnType<typeof connect>): Promise<Closing> {
  const connection = await opening
  return {
    connection,
    [Symbol.asyncDispose]: () => connection.close(),
  }
}
