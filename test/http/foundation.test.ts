import assert from 'node:assert/strict'
import { Buffer } from 'node:buffer'
import http from 'node:http'
import { test } from 'node:test'
import { httpTestServer } from './http-server.ts'

const code = (answer: { readonly json: unknown }): unknown =>
  (answer.json as { readonly code?: unknown }).code

test('health answers ok to everybody and says nothing else; the rest asks for a login', async () => {
  await using server = await httpTestServer()
  const nobody = server.as('')
  const health = await nobody('GET', '/healthz')
  assert.deepEqual([health.status, health.json], [200, { status: 'ok' }])
  assert.equal((await nobody('GET', '/readyz')).status, 200)
  const refused = await nobody('GET', '/api/session')
  assert.equal(refused.status, 401)
  assert.equal(code(refused), 'login-refused')
  assert.match(refused.headers.get('www-authenticate') ?? '', /^Basic /)
})

test('a wrong password is refused in the same words as an unknown user', async () => {
  await using server = await httpTestServer()
  const wrong = await server.as('admin', 'wrong')('GET', '/api/session')
  const unknown = await server.as('nobody', 'wrong')('GET', '/api/session')
  assert.equal(wrong.status, 401)
  assert.deepEqual(wrong.json, unknown.json)
  assert.doesNotMatch(server.logLines.join(''), /wrong:|"wrong"/)
})

test('a browser logs in, has a session, and has it no more after it logged out', async () => {
  await using server = await httpTestServer()
  const nobody = server.as('')
  const login = { user: 'admin', password: server.adminPassword }
  const opened = await nobody('POST', '/api/session', login)
  assert.equal(opened.status, 204)
  const [cookie = ''] = opened.headers.getSetCookie()
  assert.match(cookie, /^homing_session=[\w-]{43}; Path=\/; HttpOnly; SameSite=Strict$/)
  const [pair = ''] = cookie.split(';')
  const who = await nobody('GET', '/api/session', undefined, { cookie: pair })
  assert.equal((who.json as { user: string }).user, 'admin')
  await nobody('DELETE', '/api/session', undefined, { cookie: pair })
  const after = await nobody('GET', '/api/session', undefined, { cookie: pair })
  assert.equal(after.status, 401)
})

test('what a user loses ends the session', async () => {
  await using server = await httpTestServer()
  await server.addUser('ann', ['management'])
  const session = async (): Promise<string> => {
    const opened = await server.as('')('POST', '/api/session', { user: 'ann', password: 'pw' })
    return opened.headers.getSetCookie()[0]?.split(';')[0] ?? ''
  }
  const status = async (cookie: string): Promise<number> =>
    (await server.as('')('GET', '/api/session', undefined, { cookie })).status
  const { accounts } = server.server
  const losses = [
    () => accounts.setTags('ann', []),
    () => accounts.setPassword('ann', Buffer.from('pw')),
    () => accounts.clearPermission('ann', '/'),
    () => accounts.deleteUser('ann'),
  ]
  for (const lose of losses) {
    const cookie = await session()
    assert.equal(await status(cookie), 200)
    await lose()
    assert.equal(await status(cookie), 401)
  }
})

test('a page of another origin changes nothing and reads nothing', async () => {
  await using server = await httpTestServer()
  const { api } = server
  const foreign: readonly Readonly<Record<string, string>>[] = [
    { origin: 'https://evil.example' },
    { origin: 'null' },
    { 'sec-fetch-site': 'cross-site' },
    { 'sec-fetch-site': 'same-site' },
  ]
  for (const headers of foreign) {
    const answer = await raw(server.url, 'GET', '/api/session', headers)
    assert.equal(answer.status, 403, JSON.stringify(headers))
    assert.match(answer.text, /origin-refused/)
  }
  const own = await api('GET', '/api/session', undefined, {
    origin: server.url,
    'sec-fetch-site': 'same-origin',
  })
  assert.equal(own.status, 200)
})

test('a name that somebody else lets point to this machine is not ours', async () => {
  await using server = await httpTestServer({}, { hostNames: ['queue.example'] })
  const status = async (host: string): Promise<number> =>
    (await raw(server.url, 'GET', '/healthz', { host })).status
  assert.equal(await status('evil.example'), 403)
  assert.equal(await status('127.0.0.1.evil.example'), 403)
  assert.equal(await status('localhost:1'), 200)
  assert.equal(await status('[::1]:1'), 200)
  assert.equal(await status('queue.example'), 200)
})

test('what is not there and what is not taken is told as a problem', async () => {
  await using server = await httpTestServer()
  const { api } = server
  const nothing = await api('GET', '/api/nothing')
  assert.deepEqual([nothing.status, code(nothing)], [404, 'path-unknown'])
  assert.match(nothing.headers.get('content-type') ?? '', /^application\/problem\+json/)
  const method = await api('PUT', '/healthz')
  assert.deepEqual([method.status, method.headers.get('allow')], [405, 'GET, HEAD'])
  const shape = await api('POST', '/api/session', { user: 'admin', passwort: 'x' })
  assert.deepEqual([shape.status, code(shape)], [400, 'bad-argument'])
  assert.match(shape.text, /password/)
  const text = await api('POST', '/api/session', '{"user":', { 'content-type': 'application/json' })
  assert.deepEqual([text.status, code(text)], [400, 'bad-argument'])
  const type = await api('POST', '/api/session', '<a/>', { 'content-type': 'text/xml' })
  assert.deepEqual([type.status, code(type)], [415, 'media-type-refused'])
})

test('a body is read up to its limit, whatever it declares', async () => {
  await using server = await httpTestServer()
  const declared = await server.api('POST', '/api/session', 'x'.repeat(1_100_000))
  assert.deepEqual([declared.status, code(declared)], [413, 'message-too-large'])
  const endless = await raw(server.url, 'POST', '/api/session', {}, (request) => {
    const more = (): void => {
      if (request.destroyed || !request.write('y'.repeat(65_536))) request.once('drain', more)
      else setImmediate(more)
    }
    more()
  })
  assert.equal(endless.status, 413)
})

test('every answer tells the browser what it may not do', async () => {
  await using server = await httpTestServer()
  const { headers } = await server.as('')('GET', '/nothing')
  assert.match(
    headers.get('content-security-policy') ?? '',
    /default-src 'none'.*frame-ancestors 'none'/,
  )
  assert.equal(headers.get('x-content-type-options'), 'nosniff')
  assert.equal(headers.get('x-frame-options'), 'DENY')
})

test('in read-only mode one can log in and nothing else is changed', async () => {
  await using server = await httpTestServer({}, { readOnly: true })
  const login = { user: 'admin', password: server.adminPassword }
  assert.equal((await server.as('')('POST', '/api/session', login)).status, 204)
  const who = await server.api('GET', '/api/session')
  assert.equal((who.json as { readOnly: boolean }).readOnly, true)
})

test('beyond this machine HTTP is not opened without an administrator', async () => {
  const { openHttp } = await import('../../src/http/open-http.ts')
  const { emptyState } = await import('../../src/server/definitions-state.ts')
  for (const host of ['0.0.0.0', '::', '', '192.0.2.1']) {
    const site = {
      settings: { listen: [{ host, port: 0 }] },
      definitions: { state: emptyState },
    } as unknown as Parameters<typeof openHttp>[0]
    await assert.rejects(openHttp(site), { code: 'access-refused' })
  }
})

interface RawAnswer {
  readonly status: number
  readonly text: string
}

/** A request with headers that fetch would not let through. */
function raw(
  url: string,
  method: string,
  path: string,
  headers: Readonly<Record<string, string>>,
  write: (request: http.ClientRequest) => void = (request) => request.end(),
): Promise<RawAnswer> {
  return new Promise((resolve, reject) => {
    const request = http.request(url + path, { method, headers, agent: false }, (response) => {
      let text = ''
      response.setEncoding('utf8').on('data', (chunk: string) => {
        text += chunk
      })
      response.on('end', () => {
        request.destroy()
        resolve({ status: response.statusCode ?? 0, text })
      })
      response.on('error', reject)
    })
    request.on('error', reject)
    write(request)
  })
}
