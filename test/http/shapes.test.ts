/*
 * What is read fits the shapes of the document: no member is missing, none is there that is not in them.
 */

import assert from 'node:assert/strict'
import { test } from 'node:test'
import { connect } from 'amqplib'
import { rabbitmqRoutes } from '../../src/http/rabbitmq/routes.ts'
import type { Route } from '../../src/http/route.ts'
import { auditRoutes } from '../../src/http/routes/audit.ts'
import { type HttpTestServer, httpTestServer } from './http-server.ts'

async function populated(server: HttpTestServer): Promise<Readonly<Record<string, string>>> {
  const { api } = server
  const calls: readonly (readonly [method: string, path: string, body: object])[] = [
    ['PUT', '/api/users/ada', { password: 'pw', tags: 'management' }],
    ['PUT', '/api/permissions/%2F/ada', { configure: '', write: '', read: '.*' }],
    ['PUT', '/api/topic-permissions/%2F/ada', { exchange: 'x', write: 'a', read: 'b' }],
    ['PUT', '/api/user-limits/ada/max-channels', { value: 3 }],
    ['PUT', '/api/vhost-limits/%2F/max-queues', { value: 300 }],
    ['PUT', '/api/policies/%2F/p', { pattern: 'q', definition: { 'max-length': 9 } }],
    ['PUT', '/api/operator-policies/%2F/p', { pattern: 'q', definition: { expires: 60_000 } }],
    ['PUT', '/api/exchanges/%2F/x', { type: 'topic', arguments: { a: [1, { b: true }] } }],
    ['PUT', '/api/queues/%2F/q', { arguments: { 'x-single-active-consumer': true } }],
    ['POST', '/api/bindings/%2F/e/x/q/q', { routing_key: 'k', arguments: { a: 1 } }],
    ['POST', '/api/bindings/%2F/e/x/e/amq.fanout', { routing_key: 'k' }],
  ]
  for (const [method, path, body] of calls) {
    const { status, text } = await api(method, path, body)
    assert.ok(status < 300, `${path}: ${text}`)
  }
  const read = async (path: string): Promise<Readonly<Record<string, string>>> =>
    ((await api('GET', path)).json as readonly Readonly<Record<string, string>>[])[0] ?? {}
  const { name: connection = '' } = await read('/api/connections')
  const { name: channel = '' } = await read('/api/channels')
  const { name: node = '' } = await read('/api/nodes')
  const { properties_key: properties = '' } = await read('/api/bindings/%2F/e/x/q/q')
  return {
    ...{
      connection,
      channel,
      node,
      properties,
      vhost: '/',
      user: 'ada',
      queue: 'q',
      exchange: 'x',
    },
    ...{ source: 'x', name: 'p', component: 'operator_policy', within: '1', unit: 'days' },
    ...{ port: new URL(server.url).port, protocol: 'http', limit: 'max-queues' },
  }
}

function pathOf({ path }: Route, named: Readonly<Record<string, string>>): string {
  return path.replaceAll(/\{(\w+)\}/g, (_, name: string) => {
    const isExchange = name === 'destination' && path.includes('/e/{destination}')
    if (name === 'destination') return isExchange ? 'amq.fanout' : 'q'
    if (name === 'properties' && path.includes('/e/{destination}')) return 'k'
    return encodeURIComponent(named[name] ?? `no value for ${name}`)
  })
}

test('what is read fits its shape, member by member', async () => {
  await using server = await httpTestServer()
  const client = await connect(`amqp://admin:${server.adminPassword}@127.0.0.1:${server.port}`)
  const channel = await client.createConfirmChannel()
  await channel.assertQueue('', { exclusive: true })
  const { queue } = await channel.assertQueue('mine', { autoDelete: true })
  await channel.consume(queue, () => undefined, { priority: 3 })
  await new Promise((resolve) => channel.sendToQueue(queue, Buffer.from('x'), {}, resolve))
  const named = await populated(server)
  const wrong: string[] = []
  for (const route of [...rabbitmqRoutes, ...auditRoutes]) {
    const schema = route.answers[200]?.schema
    if (route.method !== 'get' || schema === undefined) continue
    const { status, json, text } = await server.api('GET', pathOf(route, named))
    const fitted = schema.safeParse(json)
    const isWhole = route.path.includes('/definitions') || route.path.includes('/health/')
    try {
      assert.equal(status, 200, text)
      assert.ok(fitted.success, fitted.error?.message ?? '')
      if (!isWhole) assert.deepEqual(fitted.data, json)
    } catch (error) {
      wrong.push(`${route.path}: ${(error as Error).message}`)
    }
  }
  await client.close()
  assert.deepEqual(wrong, [])
})
