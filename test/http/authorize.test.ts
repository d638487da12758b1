/*
 * Every route × every role. The routes are those of the document, which is made of the table itself.
 */

import assert from 'node:assert/strict'
import { Buffer } from 'node:buffer'
import { after, before, test } from 'node:test'
import { type Access, isAllowed } from '../../src/http/access.ts'
import type { Right } from '../../src/virtual-host/port.ts'
import { type ExpectedAccess, expectedAccess } from './expected-access.ts'
import { type HttpTestServer, httpTestServer } from './http-server.ts'

const rights: readonly Right[] = ['configure', 'write', 'read']

interface Role {
  readonly name: string
  readonly tags: readonly string[]
  /** In the virtual host `/`; undefined for one who may not enter it. */
  readonly rights: readonly Right[] | undefined
}

const roles: readonly Role[] = [
  { name: '', tags: [], rights: undefined },
  { name: 'plain', tags: [], rights },
  { name: 'of no meaning', tags: ['impersonator', 'Administrator', 'admin'], rights },
  { name: 'manager', tags: ['management'], rights },
  { name: 'policymaker', tags: ['policymaker'], rights },
  { name: 'monitor', tags: ['monitoring'], rights },
  { name: 'boss', tags: ['administrator'], rights },
  { name: 'manager elsewhere', tags: ['management'], rights: undefined },
  { name: 'policymaker elsewhere', tags: ['policymaker'], rights: undefined },
  { name: 'monitor elsewhere', tags: ['monitoring'], rights: undefined },
  { name: 'boss elsewhere', tags: ['administrator'], rights: undefined },
  { name: 'configures', tags: ['management'], rights: ['configure'] },
  { name: 'writes', tags: ['management'], rights: ['write'] },
  { name: 'reads', tags: ['management'], rights: ['read'] },
  { name: 'may nothing', tags: ['management'], rights: [] },
  { name: 'boss without rights', tags: ['administrator'], rights: [] },
]

/** What stands in paths. What is deleted is made again before each role, or was never there. */
const named: Readonly<Record<string, string>> = {
  ...{ vhost: '/', queue: 'q', exchange: 'x', source: 'x', user: 'not there', name: 'not-there' },
  ...{ limit: 'max-connections', component: 'shovel', properties: 'key', connection: 'not there' },
  ...{ channel: 'not there (1)', consumer: 'c', port: '1', protocol: 'amqp', within: '1' },
  ...{ unit: 'days', node: 'not-there', id: 'not-there', position: '1', delivery: 'x' },
}

/** Routes about virtual hosts themselves are not to delete the one of this test. */
const hostOfItsOwn = /^\w+ \/api\/(?:vhosts|vhost-limits|permissions|topic-permissions)\/\{vhost\}/

let server: HttpTestServer
let routes: readonly string[]

before(async () => {
  server = await httpTestServer()
  const { accounts } = server.server
  accounts.addVirtualHost('elsewhere')
  for (const { name, tags, rights: held } of roles.filter((role) => role.name !== '')) {
    await accounts.addUser({ name, password: Buffer.from('pw'), tags })
    const vhost = held === undefined ? 'elsewhere' : '/'
    const pattern = (right: Right): string => ((held ?? rights).includes(right) ? '.*' : '')
    const patterns = { configure: pattern('configure'), write: pattern('write') }
    accounts.setPermission({ user: name, vhost, ...patterns, read: pattern('read') })
  }
  const { json } = await server.api('GET', '/api/openapi.json')
  const { paths } = json as { readonly paths: Readonly<Record<string, object>> }
  routes = Object.entries(paths).flatMap(([path, methods]) =>
    Object.keys(methods).map((method) => `${method} ${path}`),
  )
})
after(() => server[Symbol.asyncDispose]())

test('every route has a line in the table of who may call it, and every line a route', () => {
  assert.deepEqual(routes.toSorted(), Object.keys(expectedAccess).toSorted())
})

function pathOf(route: string): string {
  const [, path = ''] = route.split(' ')
  return path.replaceAll(/\{(\w+)\}/g, (_, name: string) => {
    if (name === 'vhost' && hostOfItsOwn.test(route) && !route.startsWith('get')) return 'own'
    if (name === 'destination') return path.includes('/q/') ? 'q' : 'x2'
    const value = named[name]
    assert.ok(value !== undefined, `give {${name}} of ${path} a value in this test`)
    return encodeURIComponent(value)
  })
}

/** 0 when it may be called, else the status of the refusal. */
function expectedRefusal({ name, tags, rights: held }: Role, expected: ExpectedAccess): number {
  const { level, in: where, rights: needed = [], anyRight } = expected
  if (level === 'open') return 0
  if (name === '') return 401
  const isTagged = isAllowed(level satisfies Access, new Set(tags))
  const sees = held !== undefined || (where === 'seen' && isAllowed('monitoring', new Set(tags)))
  const isIn = where === undefined || sees
  const hasAny = anyRight !== true || isAllowed('monitoring', new Set(tags)) || held?.length !== 0
  const may = hasAny && needed.every((right) => held?.includes(right))
  return isTagged && isIn && may ? 0 : 403
}

const changesDeclared = /^(?:delete|put|post) \/api\/(?:queues|exchanges|bindings)/

/** What routes are about is there again. */
async function prepare(): Promise<void> {
  await server.api('PUT', '/api/queues/%2F/q', {})
  for (const exchange of ['x', 'x2'])
    await server.api('PUT', `/api/exchanges/%2F/${exchange}`, { type: 'topic' })
  const binding = { routing_key: 'key' }
  await server.api('POST', '/api/bindings/%2F/e/x/q/q', binding)
  await server.api('POST', '/api/bindings/%2F/e/x/e/x2', binding)
}

/** The status; what streams is not waited for. */
async function statusOf(route: string, role: Role, body: object): Promise<number> {
  const [method = ''] = route.split(' ')
  const basic = Buffer.from(`${role.name}:pw`).toString('base64')
  const leave = new AbortController()
  const response = await fetch(server.url + pathOf(route), {
    method: method.toUpperCase(),
    signal: leave.signal,
    headers: {
      'content-type': 'application/json',
      ...(role.name !== '' && { authorization: `Basic ${basic}` }),
    },
    ...(method !== 'get' && { body: JSON.stringify(body) }),
  })
  leave.abort()
  return response.status
}

for (const role of roles) {
  const shown = role.name === '' ? 'who is not logged in' : `a user who is "${role.name}"`
  test(`${shown} may call what is meant for them, and nothing else`, async () => {
    const wrong: string[] = []
    for (const route of routes) {
      const expected = expectedAccess[route]
      if (expected === undefined) continue
      const refusal = expectedRefusal(role, expected)
      if (refusal === 0 && changesDeclared.test(route)) await prepare()
      const status = await statusOf(route, role, expected.body ?? {})
      const isRefused = status === 401 || status === 403
      if (refusal === 0 ? isRefused : status !== refusal)
        wrong.push(`${route}: ${status} in place of ${refusal || 'an answer'}`)
    }
    assert.deepEqual(wrong, [])
  })
}

test('who may change nothing has changed nothing', async () => {
  await server.api('PUT', '/api/queues/%2F/kept', {})
  const writes = server.as('may nothing')
  for (const [method, path] of [
    ['DELETE', '/api/queues/%2F/kept'],
    ['PUT', '/api/queues/%2F/made'],
    ['DELETE', '/api/vhosts/elsewhere'],
    ['PUT', '/api/users/made'],
  ] as const) {
    assert.equal((await writes(method, path, {})).status, 403, path)
  }
  assert.equal((await server.api('GET', '/api/queues/%2F/kept')).status, 200)
  assert.equal((await server.api('GET', '/api/queues/%2F/made')).status, 404)
  assert.equal((await server.api('GET', '/api/vhosts/elsewhere')).status, 200)
  assert.equal((await server.api('GET', '/api/users/made')).status, 404)
})
