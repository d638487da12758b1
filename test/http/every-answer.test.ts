/*
 * Every route of messages, outcomes, deliveries, dead letters, callbacks and figures, called once for each
 * answer that its row names and once for a problem; each answer is held against its row.
 */

import assert from 'node:assert/strict'
import { test } from 'node:test'
import { rabbitmqRoutes } from '../../src/http/rabbitmq/routes.ts'
import { CheckedAnswers, codeOf, rows } from './checked-answers.ts'
import { type HttpClient, type HttpTestServer, httpTestServer } from './http-server.ts'
import { failed, result, work } from './worker.ts'

const json = { 'content-type': 'application/json' }
const wait = { prefer: 'wait=20' }
const tags = new Set(['Messages', 'Outcomes', 'Consuming', 'Dead letters', 'Callbacks', 'Figures'])

/** Those in RabbitMQ's shapes have tests of their own. */
const rabbitmqs = new Set(rabbitmqRoutes.map(({ method, path }) => `${method} ${path}`))

/** Streams are read in their own tests. */
const streams = new Set(['get /api/events', 'get /api/outcome-events'])

test('every answer has the shape that its row names, and every problem its code', async () => {
  await using server = await httpTestServer()
  const checked = new CheckedAnswers()
  const api = checked.of(server.api)
  await prepare(server, api)
  await callSending(api)
  await callOutcomes(api)
  await callConsuming(api)
  await callContents(api)
  await callDeadLetters(api)
  await callOthers(api)
  await callWrongly(checked, server)
  const expected = rows
    .filter(({ tag }) => tags.has(tag))
    .map((row) => ({ row, place: `${row.method} ${row.path}` }))
    .filter(({ place }) => !streams.has(place) && !rabbitmqs.has(place))
    .flatMap(({ row, place }) => [
      ...Object.keys(row.answers).map((status) => `${place} ${status}`),
      `${place} problem`,
    ])
  assert.ok(expected.length > 60)
  assert.deepEqual(
    expected.filter((one) => !checked.seen.has(one)),
    [],
  )
})

const send = (api: HttpClient, queue: string, id: string, query = ''): ReturnType<HttpClient> =>
  api('POST', `/api/queues/%2F/${queue}/messages${query}`, '{"n":1}', {
    ...json,
    'idempotency-key': id,
  })

async function prepare({ engine }: HttpTestServer, api: HttpClient): Promise<void> {
  for (const queue of ['works', 'fails', 'idle']) await engine.declareQueue(queue, {})
  work(engine, 'works', () => result('done'))
  work(engine, 'fails', () => failed('rejected', { reason: 'no' }))
  for (const id of ['dead-1', 'dead-2', 'dead-3', 'dead-4']) {
    await send(api, 'fails', id, '?callback=told')
    const asked = await api('GET', `/api/outcomes/${id}`, undefined, wait)
    assert.equal(asked.status, 422)
  }
}

async function callSending(api: HttpClient): Promise<void> {
  const place = '/api/queues/%2F/works'
  assert.equal((await api('POST', `${place}/messages`, '1', { ...json, ...wait })).status, 200)
  const failing = '/api/queues/%2F/fails/messages'
  assert.equal((await api('POST', failing, '1', { ...json, ...wait })).status, 422)
  assert.equal((await send(api, 'idle', 'ready')).status, 202)
  assert.equal((await api('POST', `${place}/batch`, [{ body: 1 }])).status, 202)
  assert.equal((await api('POST', `${place}/batch`, '{')).status, 400)
  assert.equal((await api('POST', `${place}/messages?priority=x`, '1', json)).status, 400)
}

async function callOutcomes(api: HttpClient): Promise<void> {
  const id = 'worked'
  await send(api, 'works', id)
  assert.equal((await api('GET', `/api/outcomes/${id}`, undefined, wait)).text, 'done')
  assert.equal((await api('GET', `/api/outcomes/${id}?as=json`)).status, 200)
  assert.equal((await api('GET', '/api/outcomes/ready')).status, 202)
  assert.equal((await api('GET', '/api/outcomes/never')).status, 404)
  assert.equal((await api('GET', '/api/outcomes')).status, 200)
  assert.equal((await api('GET', '/api/outcomes?limit=0')).status, 400)
  assert.equal((await api('GET', '/api/failures')).status, 200)
  assert.equal((await api('GET', '/api/failures?since=yesterday')).status, 400)
}

async function callConsuming(api: HttpClient): Promise<void> {
  const place = '/api/queues/%2F/idle/deliveries'
  const hows = ['', '/error?code=X', '/retry', '/reject', '/return', '/lease', '/progress']
  for (const how of hows) {
    await send(api, 'idle', `consumed${how.replaceAll(/\W/g, '-')}`)
    const taken = await api('POST', `${place}?wait=20s`)
    const [one] = (taken.json as { deliveries: { delivery: string }[] }).deliveries
    const path = `/api/deliveries/${one?.delivery}`
    assert.ok((await api('POST', path + how)).status <= 204, how)
    if (/lease|progress/.test(how)) assert.equal((await api('POST', `${path}/reject`)).status, 204)
    assert.equal((await api('POST', path + how)).status, 409, how)
  }
  assert.equal((await api('POST', `${place}?max=0`)).status, 400)
}

async function callContents(api: HttpClient): Promise<void> {
  const place = '/api/queues/%2F/idle'
  await send(api, 'idle', 'looked-at', '?header.A=b')
  await send(api, 'idle', 'later', '?delay=1h')
  const page = await api('GET', `${place}/messages?limit=1`)
  const [first] = (page.json as { messages: { position: number }[] }).messages
  for (const state of ['delayed', 'unsettled']) {
    assert.equal((await api('GET', `${place}/messages?state=${state}`)).status, 200)
  }
  const one = await api('GET', `${place}/messages/${first?.position}`)
  assert.equal(one.status, 200)
  assert.equal((await api('GET', `${place}/messages/999999`)).status, 404)
  assert.equal((await api('GET', `${place}/messages/first`)).status, 404)
  assert.equal((await api('GET', '/api/queues/%2F/none/messages')).status, 404)
  for (const act of ['pause', 'resume']) {
    assert.equal((await api('POST', `${place}/${act}`)).status, 200)
    assert.equal((await api('POST', `/api/queues/%2F/none/${act}`)).status, 404)
  }
  for (const id of ['looked-at', 'later', 'worked', 'dead-1']) {
    assert.equal((await api('GET', `/api/messages/${id}`)).status, 200, id)
  }
  assert.equal((await api('GET', '/api/messages/never')).status, 404)
  assert.equal((await api('GET', '/api/delayed')).status, 200)
  assert.equal((await api('GET', '/api/delayed?limit=x')).status, 400)
  assert.equal((await api('GET', '/api/schedules')).status, 200)
  assert.equal((await api('GET', '/api/schedules?limit=x')).status, 400)
  assert.equal((await api('DELETE', '/api/messages/later')).status, 200)
  assert.equal((await api('DELETE', '/api/messages/never')).status, 404)
  const purged = await api('DELETE', `${place}/messages`)
  assert.ok((purged.json as { purged: number }).purged > 0)
  assert.equal((await api('DELETE', '/api/queues/%2F/none/messages')).status, 404)
}

async function callDeadLetters(api: HttpClient): Promise<void> {
  const listed = await api('GET', '/api/dead-letters?limit=2')
  const { total, next } = listed.json as { total: number; next: string }
  assert.ok(total >= 4)
  assert.equal((await api('GET', `/api/dead-letters?limit=2&after=${next}`)).status, 200)
  assert.equal((await api('GET', '/api/dead-letters?after=x')).status, 400)
  assert.equal((await api('GET', '/api/dead-letters/dead-1')).status, 200)
  const [one, many] = ['/api/dead-letters/dead-1', '/api/dead-letters']
  assert.equal((await api('POST', `${one}/replay`)).status, 200)
  assert.equal((await api('POST', `${one}/replay`)).status, 404)
  assert.equal((await api('GET', one)).status, 404)
  assert.equal((await api('DELETE', '/api/dead-letters/dead-2')).status, 200)
  assert.equal((await api('DELETE', '/api/dead-letters/dead-2')).status, 404)
  const replayed = await api('POST', `${many}/replay`, { ids: ['dead-3', 'never'] })
  assert.equal((replayed.json as { replayed: number }).replayed, 1)
  const dropped = await api('POST', `${many}/drop`, { queue: 'fails', idPrefix: 'dead-4' })
  assert.deepEqual(dropped.json, { dropped: 1, more: false })
  const both = { ids: ['a'], queue: 'fails' }
  assert.equal((await api('POST', `${many}/replay`, both)).status, 400)
  assert.equal((await api('POST', `${many}/drop`, { limit: 0 })).status, 400)
}

async function callOthers(api: HttpClient): Promise<void> {
  const callbacks = await api('GET', '/api/callbacks')
  const [told] = (callbacks.json as { callbacks: { name: string; waiting: number }[] }).callbacks
  assert.equal(told?.name, 'told')
  const notHome = await api('GET', '/api/not-home?callback=told&limit=2')
  assert.equal((notHome.json as { notHome: object[] }).notHome.length, 2)
  assert.equal((await api('GET', '/api/not-home?limit=x')).status, 400)
  assert.equal((await api('GET', '/api/callbacks?vhost=none')).status, 404)
  for (const range of ['5m', '1h', '24h']) {
    assert.equal((await api('GET', `/api/figures?range=${range}`)).status, 200)
    assert.equal((await api('GET', `/api/queues/%2F/idle/figures?range=${range}`)).status, 200)
  }
  assert.equal((await api('GET', '/api/figures?range=1y')).status, 400)
  assert.equal((await api('GET', '/api/figures/queues')).status, 200)
  assert.equal((await api('GET', '/api/figures/queues?vhost=none')).status, 404)
  assert.equal((await api('GET', '/api/queues/%2F/none/figures')).status, 404)
}

/** Who has not logged in learns nothing, whatever is asked. */
async function callWrongly(checked: CheckedAnswers, server: HttpTestServer): Promise<void> {
  const nobody = checked.of(server.as(''))
  for (const { method, path, tag } of rows) {
    if (!tags.has(tag)) continue
    const answer = await nobody(method.toUpperCase(), path.replaceAll(/\{(\w+)\}/g, '$1'))
    assert.deepEqual([answer.status, codeOf(answer)], [401, 'login-refused'], path)
  }
}
