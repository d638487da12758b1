/*
 * Rights on messages and outcomes, as AMQP has them: who may write, who may read, and who may ask by id.
 */

import assert from 'node:assert/strict'
import { Buffer } from 'node:buffer'
import { test } from 'node:test'
import { codeOf } from './checked-answers.ts'
import { type HttpClient, type HttpTestServer, httpTestServer } from './http-server.ts'
import { failed, result, work } from './worker.ts'

const json = { 'content-type': 'application/json' }

interface Rights {
  readonly configure?: string
  readonly write?: string
  readonly read?: string
  readonly tags?: readonly string[]
}

async function userWith(
  server: HttpTestServer,
  name: string,
  { configure = '', write = '', read = '', tags = [] }: Rights,
): Promise<HttpClient> {
  const { accounts } = server.server
  await accounts.addUser({ name, password: Buffer.from('pw'), tags })
  accounts.setPermission({ user: name, vhost: '/', configure, write, read })
  return server.as(name)
}

/** `mine` and `theirs` have an outcome, a dead letter, a callback that waits, and a message each. */
async function twoQueues(): Promise<HttpTestServer> {
  const server = await httpTestServer()
  const { engine } = server
  for (const queue of ['mine', 'theirs']) {
    await engine.declareQueue(queue, {})
    const consumer = work(engine, queue, ({ message }) =>
      message.id.endsWith('dead') ? failed('rejected', { reason: 'no' }) : result('secret'),
    )
    for (const id of [`${queue}-ok`, `${queue}-dead`]) {
      const path = `/api/queues/%2F/${queue}/messages?callback=${queue}-told`
      const headers = { ...json, 'idempotency-key': id, prefer: 'wait=20' }
      await server.api('POST', path, '"secret"', headers)
    }
    await consumer.close()
    for (const [id, query] of [
      [`${queue}-w`, ''],
      [`${queue}-later`, '?delay=1h'],
    ]) {
      const path = `/api/queues/%2F/${queue}/messages${query}`
      await server.api('POST', path, '"secret"', { ...json, 'idempotency-key': `${id}` })
    }
  }
  return server
}

test('who may read one queue sees that one and nothing of the other, in every list', async () => {
  await using server = await twoQueues()
  const api = await userWith(server, 'reader', { read: '^(callback:)?mine' })
  const lists = [
    '/api/outcomes',
    '/api/outcomes?code=failed',
    '/api/failures',
    '/api/dead-letters',
    '/api/callbacks',
    '/api/not-home',
    '/api/delayed',
    '/api/figures/queues',
  ]
  for (const path of lists) {
    const { status, text } = await api('GET', path)
    assert.equal(status, 200, path)
    assert.match(text, /"mine/, path)
    assert.doesNotMatch(text, /theirs/, path)
    if (path !== '/api/dead-letters') assert.doesNotMatch(text, /"total"/, path)
    else assert.equal((JSON.parse(text) as { total: number }).total, 1, 'what others hold')
  }
  for (const [query, total] of [
    ['', 2],
    ['?queue=mine', 1],
    ['?queue=none', 0],
  ] as const) {
    const { json: page } = await server.api('GET', `/api/dead-letters${query}`)
    assert.equal((page as { total: number }).total, total, query)
  }
  const theirs = [
    '/api/outcomes?queue=theirs',
    '/api/failures?queue=theirs',
    '/api/dead-letters?queue=theirs',
    '/api/not-home?callback=theirs-told',
    '/api/delayed?queue=theirs',
    '/api/outcomes/theirs-ok',
    '/api/outcomes/theirs-w',
    '/api/outcomes/never',
    '/api/messages/theirs-ok',
    '/api/messages/never',
    '/api/dead-letters/theirs-dead',
    '/api/dead-letters/never',
    '/api/queues/%2F/theirs/messages',
    '/api/queues/%2F/theirs/messages/1',
    '/api/queues/%2F/theirs/figures',
    '/api/events?queue=theirs',
    '/api/outcome-events?queue=theirs',
    '/api/outcome-events?ids=mine-ok',
    '/api/figures',
    '/api/events',
  ]
  for (const path of theirs) {
    const answer = await api('GET', path)
    assert.deepEqual([answer.status, codeOf(answer)], [403, 'access-refused'], path)
    assert.doesNotMatch(answer.text, /secret/)
  }
  assert.equal((await api('GET', '/api/outcomes/mine-ok')).text, 'secret')
  assert.equal((await api('GET', '/api/outcomes/mine-w')).status, 202)
})

test('who may only read cannot send, cancel, replay or pause', async () => {
  await using server = await twoQueues()
  const api = await userWith(server, 'reader', { read: '.*', tags: ['management'] })
  const writes = [
    ['POST', '/api/queues/%2F/mine/messages', '1'],
    ['POST', '/api/queues/%2F/mine/batch', '[{"body":1}]'],
    ['DELETE', '/api/messages/mine-w', undefined],
    ['POST', '/api/dead-letters/mine-dead/replay', undefined],
    ['POST', '/api/dead-letters/replay', '{"all":true}'],
    ['POST', '/api/queues/%2F/mine/pause', undefined],
    ['POST', '/api/queues/%2F/mine/resume', undefined],
  ] as const
  for (const [method, path, body] of writes) {
    const answer = await api(method, path, body, json)
    assert.deepEqual([answer.status, codeOf(answer)], [403, 'access-refused'], path)
  }
  assert.equal(server.engine.inspection.queue('mine')?.paused, false)
  assert.equal((await api('GET', '/api/dead-letters/mine-dead')).status, 200)
})

test('who may send is told what became of any id, and not what was in a message', async () => {
  await using server = await twoQueues()
  const api = await userWith(server, 'sender', { write: '^amq\\.default$' })
  assert.equal((await api('POST', '/api/queues/%2F/mine/messages', '1', json)).status, 202)
  assert.equal((await api('GET', '/api/outcomes/theirs-ok')).text, 'secret')
  const story = await api('GET', '/api/messages/theirs-w')
  const { state, message } = story.json as Record<string, unknown>
  assert.deepEqual([state, message], ['ready', undefined])
  const refused: readonly (readonly [string, string])[] = [
    ['GET', '/api/queues/%2F/mine/messages'],
    ['GET', '/api/dead-letters/mine-dead'],
    ['GET', '/api/outcomes?queue=mine'],
    ['POST', '/api/queues/%2F/mine/deliveries'],
    ['DELETE', '/api/queues/%2F/mine/messages'],
    ['POST', '/api/queues/%2F/new/messages'],
  ]
  for (const [method, path] of refused) {
    const answer = await api(method, path, undefined, method === 'POST' ? json : {})
    assert.deepEqual([answer.status, codeOf(answer)], [403, 'access-refused'], path)
  }
  assert.deepEqual(((await api('GET', '/api/outcomes')).json as { outcomes: [] }).outcomes, [])
})

test('to replay takes the right to read the dead letter and to send to its queue', async () => {
  await using server = await twoQueues()
  const api = await userWith(server, 'both', { read: '^mine$', write: '^amq\\.default$' })
  const all = await api('POST', '/api/dead-letters/replay', { all: true })
  assert.equal((all.json as { replayed: number }).replayed, 1)
  const theirs = await api('POST', '/api/dead-letters/drop', { ids: ['theirs-dead'] })
  assert.deepEqual(theirs.json, { dropped: 0, more: false })
  const elsewhere = await api('POST', '/api/dead-letters/drop', { vhost: 'none' })
  assert.equal(elsewhere.status, 403)
})

test('monitoring sees figures of everything and bodies of nothing', async () => {
  await using server = await twoQueues()
  const { accounts } = server.server
  await accounts.addUser({ name: 'eye', password: Buffer.from('pw'), tags: ['monitoring'] })
  const api = server.as('eye')
  assert.match((await api('GET', '/api/figures/queues')).text, /theirs/)
  assert.equal((await api('GET', '/api/figures')).status, 200)
  assert.equal((await api('GET', '/api/queues/%2F/mine/figures')).status, 200)
  for (const path of ['/api/outcomes', '/api/dead-letters', '/api/failures', '/api/not-home']) {
    const answer = await api('GET', path)
    assert.equal(answer.status, 200, path)
    assert.doesNotMatch(answer.text, /"mine|theirs|secret/, path)
  }
  assert.equal((await api('GET', '/api/queues/%2F/mine/messages')).status, 403)
  assert.equal((await api('GET', '/api/outcomes/mine-ok')).status, 403)
})

test('in read-only mode nothing is sent, taken, settled or replayed', async () => {
  await using server = await httpTestServer({}, { readOnly: true })
  const writes = [
    ['POST', '/api/queues/%2F/mine/messages'],
    ['POST', '/api/queues/%2F/mine/batch'],
    ['POST', '/api/queues/%2F/mine/deliveries'],
    ['POST', '/api/deliveries/x'],
    ['POST', '/api/dead-letters/replay'],
    ['POST', '/api/dead-letters/drop'],
    ['DELETE', '/api/messages/x'],
    ['DELETE', '/api/queues/%2F/mine/messages'],
    ['POST', '/api/queues/%2F/mine/pause'],
  ] as const
  for (const [method, path] of writes) {
    assert.equal(codeOf(await server.api(method, path)), 'read-only', path)
  }
  assert.equal((await server.api('GET', '/api/outcomes')).status, 200)
})
