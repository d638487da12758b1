/*
 * What is still open when a browser's session ends: streams of events and requests that wait.
 */

import assert from 'node:assert/strict'
import { test } from 'node:test'
import { codeOf } from './checked-answers.ts'
import { type EventReader, readEvents } from './event-reader.ts'
import { type HttpTestServer, httpTestServer } from './http-server.ts'

/** The cookie of a session of ann, who logs in over the session of `before`. */
async function logIn(server: HttpTestServer, before = ''): Promise<string> {
  const login = { user: 'ann', password: 'pw' }
  const answer = await server.as('')('POST', '/api/session', login, { cookie: before })
  assert.equal(answer.status, 204)
  return answer.headers.getSetCookie()[0]?.split(';')[0] ?? ''
}

const logOut = (server: HttpTestServer, cookie: string) =>
  server.as('')('DELETE', '/api/session', undefined, { cookie })

/** A stream that is open: its first figures have come. */
async function listen(server: HttpTestServer, cookie: string): Promise<EventReader> {
  const events = await readEvents(`${server.url}/api/events`, undefined, { cookie })
  await events.next('figures')
  return events
}

test('logging out ends the streams of the session at once, and leaves those of others', async () => {
  await using server = await httpTestServer()
  await server.addUser('ann', ['monitoring'])
  const [cookie, elsewhere] = [await logIn(server), await logIn(server)]
  await using figures = await listen(server, cookie)
  await using queues = await readEvents(`${server.url}/api/events?queues=true`, undefined, {
    cookie,
  })
  await server.engine.declareQueue('jobs', {})
  const path = `${server.url}/api/outcome-events?queue=jobs`
  await using outcomes = await readEvents(path, undefined, { cookie })
  await using other = await listen(server, elsewhere)
  await using byPassword = await readEvents(`${server.url}/api/events`, 'ann:pw')
  assert.equal((await logOut(server, cookie)).status, 204)
  await Promise.all([figures.ended(), queues.ended(), outcomes.ended()])
  await other.next('figures')
  await byPassword.next('figures')
  const again = await readEvents(`${server.url}/api/events`, undefined, { cookie })
  assert.equal(again.status, 401)
})

test('a request that waits when its session is logged out is told so', async () => {
  await using server = await httpTestServer()
  const { engine } = server
  await server.addUser('ann')
  await engine.declareQueue('jobs', {})
  const cookie = await logIn(server)
  const place = '/api/queues/%2F/jobs/deliveries?wait=60s'
  const waiting = server.as('')('POST', place, undefined, { cookie })
  while (engine.inspection.queue('jobs')?.consumers !== 1) await new Promise(setImmediate)
  await logOut(server, cookie)
  const ended = await waiting
  assert.deepEqual([ended.status, codeOf(ended)], [401, 'login-refused'])
  assert.equal(engine.inspection.queue('jobs')?.consumers, 0)
})

test('who logs in again ends the session that the browser had, with its streams', async () => {
  await using server = await httpTestServer()
  await server.addUser('ann', ['monitoring'])
  const first = await logIn(server)
  await using events = await listen(server, first)
  const refused = await server.as('')(
    'POST',
    '/api/session',
    { user: 'ann', password: 'no' },
    { cookie: first },
  )
  assert.equal(refused.status, 401)
  await events.next('figures')
  const second = await logIn(server, first)
  await events.ended()
  const status = async (cookie: string): Promise<number> =>
    (await server.as('')('GET', '/api/session', undefined, { cookie })).status
  assert.deepEqual([await status(first), await status(second)], [401, 200])
})

test('what an administrator takes from a user ends the streams of all sessions of that user', async () => {
  await using server = await httpTestServer()
  await server.addUser('ann', ['monitoring'])
  const losses: readonly (readonly [string, string, unknown?])[] = [
    ['PUT', '/api/users/ann', { password: 'pw', tags: 'monitoring' }],
    ['DELETE', '/api/permissions/%2F/ann'],
    ['DELETE', '/api/users/ann'],
  ]
  const administrator = `admin:${server.adminPassword}`
  await using admin = await readEvents(`${server.url}/api/events`, administrator)
  for (const [method, path, body] of losses) {
    await using bySession = await listen(server, await logIn(server))
    await using byPassword = await readEvents(`${server.url}/api/events`, 'ann:pw')
    assert.equal((await server.api(method, path, body)).status, 204, path)
    await Promise.all([bySession.ended(), byPassword.ended()])
  }
  await admin.next('figures')
})
