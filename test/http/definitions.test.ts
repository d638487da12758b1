import assert from 'node:assert/strict'
import { Buffer } from 'node:buffer'
import { createHash } from 'node:crypto'
import { readFileSync } from 'node:fs'
import { join } from 'node:path'
import { test } from 'node:test'
import { connect } from 'amqplib'
import { type HttpTestServer, httpTestServer } from './http-server.ts'

/** As RabbitMQ makes it. */
function rabbitmqHash(password: string, algorithm: 'sha256' | 'sha512'): string {
  const salt = Buffer.from([0x90, 0x8d, 0xc6, 0x0a])
  const digest = createHash(algorithm).update(salt).update(password).digest()
  return Buffer.concat([salt, digest]).toString('base64')
}

const user = (name: string, algorithm: 'sha256' | 'sha512') => ({
  name,
  password_hash: rabbitmqHash(`${name}-password`, algorithm),
  hashing_algorithm: `rabbit_password_hashing_${algorithm}`,
  tags: ['management'],
  limits: { 'max-connections': 5 },
})

/** As `rabbitmqctl export_definitions` writes it, with what a cluster with plugins has. */
const definitions = {
  rabbit_version: '3.13.7',
  rabbitmq_version: '3.13.7',
  product_name: 'RabbitMQ',
  users: [
    user('ada', 'sha256'),
    user('bob', 'sha512'),
    {
      name: 'cert',
      password_hash: '',
      hashing_algorithm: 'rabbit_password_hashing_sha256',
      tags: '',
    },
  ],
  vhosts: [
    { name: '/', metadata: { description: 'Default virtual host', tags: [] } },
    { name: 'shop', description: 'orders', tags: [], default_queue_type: 'quorum' },
  ],
  permissions: ['ada', 'bob'].map((name) => ({
    ...{ user: name, vhost: 'shop', configure: '.*', write: '.*', read: '.*' },
  })),
  topic_permissions: [{ user: 'ada', vhost: 'shop', exchange: 'events', write: '^a', read: '.*' }],
  parameters: [
    { component: 'vhost-limits', vhost: 'shop', name: 'limits', value: { 'max-queues': 50 } },
    {
      component: 'operator_policy',
      vhost: 'shop',
      name: 'op',
      value: { pattern: '.*', definition: { 'max-length': 90 }, priority: 0, 'apply-to': 'queues' },
    },
    { component: 'shovel', vhost: 'shop', name: 's', value: { 'src-uri': 'amqp://elsewhere' } },
  ],
  global_parameters: [{ name: 'cluster_name', value: 'rabbit@one' }],
  policies: [
    {
      vhost: 'shop',
      name: 'p',
      pattern: '^orders',
      'apply-to': 'queues',
      definition: { 'max-length': 100, 'dead-letter-exchange': 'dead' },
      priority: 1,
    },
  ],
  queues: [
    {
      name: 'orders',
      vhost: 'shop',
      durable: true,
      auto_delete: false,
      arguments: { 'x-queue-type': 'quorum', 'x-delivery-limit': 3 },
    },
    { name: 'plain', vhost: '/', durable: true, auto_delete: false, arguments: {} },
  ],
  exchanges: [
    {
      name: 'events',
      vhost: 'shop',
      type: 'topic',
      durable: true,
      auto_delete: false,
      internal: false,
      arguments: { 'alternate-exchange': 'amq.fanout' },
    },
  ],
  bindings: [
    {
      source: 'events',
      vhost: 'shop',
      destination: 'orders',
      destination_type: 'queue',
      routing_key: 'order.#',
      arguments: {},
    },
    {
      source: 'amq.headers',
      vhost: 'shop',
      destination: 'orders',
      destination_type: 'queue',
      routing_key: '',
      arguments: { 'x-match': 'all', kind: 'order' },
    },
  ],
}

const storedHash = (server: HttpTestServer, name: string): string => {
  const text = readFileSync(join(server.directory, 'definitions.json'), 'utf8')
  const { users } = JSON.parse(text) as {
    users: readonly { readonly name: string; readonly passwordHash: string }[]
  }
  return users.find((one) => one.name === name)?.passwordHash ?? ''
}

test("RabbitMQ's definitions are taken in, and its users keep their passwords", async () => {
  await using server = await httpTestServer()
  const imported = await server.api('POST', '/api/definitions', definitions)
  assert.equal(imported.status, 204, imported.text)
  for (const [name, algorithm] of [
    ['ada', 'sha256'],
    ['bob', 'sha512'],
  ] as const) {
    assert.match(storedHash(server, name), new RegExp(`^rabbit_password_hashing_${algorithm}\\$`))
    const wrong = await server.as(name, 'wrong')('GET', '/api/whoami')
    assert.equal(wrong.status, 401)
    assert.match(storedHash(server, name), /^rabbit_/)
    const url = `amqp://${name}:${name}-password@127.0.0.1:${server.port}/shop`
    await Promise.all(
      [connect(url), connect(url), connect(url)].map(async (one) => (await one).close()),
    )
    assert.match(storedHash(server, name), /^scrypt\$/)
    const right = await server.as(name, `${name}-password`)('GET', '/api/whoami')
    assert.deepEqual(right.json, { name, tags: ['management'] })
    assert.equal((await server.as(name, 'wrong')('GET', '/api/whoami')).status, 401)
  }
  const queue = await server.as('ada', 'ada-password')('GET', '/api/queues/shop/orders')
  const { policy, operator_policy, effective_policy_definition, type } = queue.json as Record<
    string,
    unknown
  >
  assert.deepEqual([type, policy, operator_policy], ['quorum', 'p', 'op'])
  assert.deepEqual(effective_policy_definition, {
    'max-length': 90,
    'dead-letter-exchange': 'dead',
  })
})

test('what was exported and imported elsewhere is exported the same', async () => {
  await using first = await httpTestServer()
  await first.api('POST', '/api/definitions', definitions)
  const { json: exported } = await first.api('GET', '/api/definitions')
  await using second = await httpTestServer()
  const imported = await second.api('POST', '/api/definitions', exported as object)
  assert.equal(imported.status, 204, imported.text)
  const again = await second.as('admin', first.adminPassword)('GET', '/api/definitions')
  assert.deepEqual(again.json, exported)
  const { queues, bindings, users, parameters } = exported as Readonly<Record<string, unknown[]>>
  assert.deepEqual(
    [queues?.length, bindings?.length, users?.length, parameters?.length],
    [2, 2, 5, 2],
  )
})

test('the definitions of one virtual host go into another', async () => {
  await using server = await httpTestServer()
  await server.api('POST', '/api/definitions', definitions)
  await server.api('PUT', '/api/vhosts/copy', {})
  const { json } = await server.api('GET', '/api/definitions/shop')
  const imported = await server.api('POST', '/api/definitions/copy', json as object)
  assert.equal(imported.status, 204, imported.text)
  const copied = await server.api('GET', '/api/queues/copy/orders/bindings')
  assert.equal((copied.json as unknown[]).length, 3)
  const limits = await server.api('GET', '/api/vhost-limits/copy')
  assert.deepEqual(limits.json, [{ vhost: 'copy', value: { 'max-queues': 50 } }])
})

test('definitions with a fault in accounts or policies change nothing', async () => {
  await using server = await httpTestServer()
  const { json: before } = await server.api('GET', '/api/definitions')
  const faults: readonly object[] = [
    { users: [...definitions.users, { name: 'x', password_hash: 'no hash', tags: '' }] },
    { users: definitions.users, permissions: [{ ...definitions.permissions[0], vhost: 'none' }] },
    {
      vhosts: definitions.vhosts,
      policies: [{ name: 'p', pattern: '(', definition: { expires: 1 } }],
    },
    {
      vhosts: [{ name: 'new' }],
      parameters: [
        { component: 'vhost-limits', vhost: 'new', name: 'l', value: { 'max-none': 1 } },
      ],
    },
    { users: 'everybody' },
  ]
  for (const fault of faults) {
    const answer = await server.api('POST', '/api/definitions', fault)
    assert.ok(answer.status === 400 || answer.status === 404, answer.text)
    const { json } = await server.api('GET', '/api/definitions')
    assert.deepEqual(json, before)
  }
})

test('what cannot be declared is told, and the rest is there', async () => {
  await using server = await httpTestServer()
  await server.api('PUT', '/api/queues/%2F/taken', { arguments: { 'x-max-length': 1 } })
  const queue = { vhost: '/', durable: true, auto_delete: false, arguments: {} }
  const queues = ['taken', 'free'].map((name) => ({ ...queue, name }))
  const answer = await server.api('POST', '/api/definitions', { queues })
  assert.equal(answer.status, 400)
  assert.match(
    answer.text,
    /1 of the definitions.*inequivalent arg 'x-max-length' for queue 'taken'/,
  )
  assert.equal((await server.api('GET', '/api/queues/%2F/free')).status, 200)
})

test('a name off the wire is a name and nothing else', async () => {
  await using server = await httpTestServer()
  for (const name of ['__proto__', 'constructor', 'toString']) {
    const put = await server.api('PUT', `/api/queues/%2F/${name}`, {
      arguments: JSON.parse('{"__proto__": "x", "constructor": 1}') as object,
    })
    assert.equal(put.status, 201, put.text)
    assert.equal((await server.api('GET', `/api/users/${name}`)).status, 404)
    assert.equal((await server.api('GET', `/api/queues?columns=${name}&sort=${name}`)).status, 200)
  }
  assert.equal(Object.getOwnPropertyNames(Object.prototype).includes('x'), false)
})
