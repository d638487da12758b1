/*
 * Every route with names and bodies that nobody means well by: each is answered with what is wrong, and none
 * breaks the server.
 */

import assert from 'node:assert/strict'
import { Buffer } from 'node:buffer'
import { test } from 'node:test'
import { codeOf } from './checked-answers.ts'
import { expectedAccess } from './expected-access.ts'
import { type HttpTestServer, httpTestServer } from './http-server.ts'

const names = ['%00', '%FF', '%', 'a%0Ab', '__proto__', '%1Fx', '%F0%9F%98%80', 'x'.repeat(3_000)]

const bodies = [
  'null',
  '[]',
  '{"__proto__": {"a": 1}, "constructor": 1}',
  '{"arguments": {"x-max-length": 1e400, "a": [[[[{"b": null}]]]]}, "type": "headers"}',
  '{"routing_key": "\\ud800", "payload": "\\ud800", "properties": {"headers": {"\\ud800": 1e300}}}',
  '{"count": "7", "ackmode": "ack_requeue_true", "truncate": -5, "value": 1e99, "name": "../x"}',
  '{"pattern": "(a+)+$", "definition": {"max-length": 1}, "configure": "(", "write": "", "read": ""}',
  '{"users": [{"name": ""}], "vhosts": [{"name": "__proto__"}], "queues": [{"name": "a"}]}',
]

/** Those of this test stay, so that there is somebody to ask. */
const isItsOwn = (route: string): boolean => route === 'delete /api/session'

interface Sent {
  readonly method: string
  readonly path: string
  readonly body: string | undefined
}

/** The status; what streams is not waited for. */
async function statusOf(server: HttpTestServer, { method, path, body }: Sent): Promise<number> {
  const basic = Buffer.from(`admin:${server.adminPassword}`).toString('base64')
  const leave = new AbortController()
  const response = await fetch(server.url + path, {
    method: method.toUpperCase(),
    signal: leave.signal,
    headers: { 'content-type': 'application/json', authorization: `Basic ${basic}` },
    ...(body !== undefined && { body }),
  })
  leave.abort()
  return response.status
}

test('no name and no body breaks the server', async () => {
  await using server = await httpTestServer()
  const broken: string[] = []
  for (const route of Object.keys(expectedAccess)) {
    const [method = '', path = ''] = route.split(' ')
    if (isItsOwn(route)) continue
    const hasBody = method === 'put' || method === 'post'
    for (const [n, name] of names.entries()) {
      // The virtual host is there for every second one, so that names get as far as its queues.
      const filled = path.replaceAll(/\{(\w+)\}/g, (_, parameter: string) =>
        parameter === 'vhost' && n % 2 === 0 && method !== 'delete' ? '%2F' : name,
      )
      const body = hasBody ? bodies[n % bodies.length] : undefined
      const status = await statusOf(server, { method, path: filled, body })
      if (status === 500) broken.push(`${method} ${filled.slice(0, 100)} ${body}`)
    }
  }
  assert.deepEqual(broken, [])
  const isBroken = server.logLines.filter((line) => line.includes('a request broke'))
  assert.deepEqual(isBroken, [])
  assert.equal((await server.api('GET', '/api/overview')).status, 200)
})

test('a body nested deeper than a table may be is refused', async () => {
  await using server = await httpTestServer()
  const deep = `${'['.repeat(5_000)}${']'.repeat(5_000)}`
  const json = { 'content-type': 'application/json' }
  const put = await server.api('PUT', '/api/queues/%2F/deep', `{"arguments":{"a":${deep}}}`, json)
  assert.equal(put.status, 400, put.text)
  const headers = `{"headers":{"a":${deep}}}`
  const body = `{"routing_key":"q","payload":"x","properties":${headers}}`
  const path = '/api/exchanges/%2F/amq.default/publish'
  const published = await server.api('POST', path, body, json)
  assert.equal(published.status, 400, published.text)
})

test('half of a character, which would be kept as another text, is refused', async () => {
  await using server = await httpTestServer()
  await server.api('PUT', '/api/queues/%2F/halves', { durable: true })
  const half = '"\\ud800"'
  const requests = [
    ['POST', '/api/bindings/%2F/e/amq.direct/q/halves', `{"routing_key":${half}}`],
    ['POST', '/api/bindings/%2F/e/amq.direct/q/halves', `{"arguments":{${half}:1}}`],
    [
      'POST',
      '/api/exchanges/%2F/amq.default/publish',
      `{"routing_key":"halves","payload":${half},"properties":{}}`,
    ],
    ['PUT', '/api/users/ada', `{"password":${half},"tags":""}`],
  ] as const
  for (const [method, path, body] of requests) {
    const answer = await server.api(method, path, body, { 'content-type': 'application/json' })
    assert.deepEqual([answer.status, codeOf(answer)], [400, 'bad-argument'], path)
    assert.match(answer.text, /lone surrogate/)
  }
  const whole = { routing_key: '\u{1f600}' }
  const bound = await server.api('POST', '/api/bindings/%2F/e/amq.direct/q/halves', whole)
  assert.equal(bound.status, 201)
  assert.equal((await server.api('GET', '/api/users/ada')).status, 404)
})
