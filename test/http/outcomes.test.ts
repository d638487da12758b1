import assert from 'node:assert/strict'
import { Buffer } from 'node:buffer'
import { test } from 'node:test'
import { codeOf } from './checked-answers.ts'
import { type HttpClient, type HttpTestServer, httpTestServer } from './http-server.ts'
import { failed, result, work } from './worker.ts'

const json = { 'content-type': 'application/json' }

const send = (api: HttpClient, queue: string, id: string): ReturnType<HttpClient> =>
  api('POST', `/api/queues/%2F/${queue}/messages`, '{}', {
    ...json,
    'idempotency-key': id,
    prefer: 'wait=20',
  })

/** Five outcomes in two queues: ok-1, ok-2, bad-1, bad-2 in `a`, other-1 in `b`. */
async function withOutcomes(): Promise<HttpTestServer> {
  const server = await httpTestServer()
  for (const queue of ['a', 'b']) {
    await server.server.engine.declareQueue(queue, {})
    work(server.server.engine, queue, ({ message }) =>
      message.id.startsWith('bad')
        ? failed('Declared', { message: 'no' })
        : result('x'.repeat(3_000)),
    )
  }
  for (const id of ['ok-1', 'bad-1', 'ok-2', 'bad-2']) await send(server.api, 'a', id)
  await send(server.api, 'b', 'other-1')
  return server
}

interface Page {
  readonly outcomes: readonly { id: string; bodyBytes: number; bodyBase64: string }[]
  readonly next?: string
}

const list = async (api: HttpClient, query: string): Promise<Page> => {
  const listed = await api('GET', `/api/outcomes${query}`)
  assert.equal(listed.status, 200, listed.text)
  return listed.json as Page
}
const ids = async (api: HttpClient, query: string): Promise<readonly string[]> =>
  (await list(api, query)).outcomes.map(({ id }) => id).toSorted()

test('outcomes are listed by queue, code, beginning of the id and time', async () => {
  await using server = await withOutcomes()
  const { api } = server
  assert.deepEqual(await ids(api, ''), ['bad-1', 'bad-2', 'ok-1', 'ok-2', 'other-1'])
  assert.deepEqual(await ids(api, '?queue=b'), ['other-1'])
  assert.deepEqual(await ids(api, '?queue=a&code=ok'), ['ok-1', 'ok-2'])
  assert.deepEqual(await ids(api, '?code=failed'), ['bad-1', 'bad-2'])
  assert.deepEqual(await ids(api, '?code=Declared&idPrefix=bad-2'), ['bad-2'])
  assert.deepEqual(await ids(api, '?since=1h&idPrefix=ok'), ['ok-1', 'ok-2'])
  assert.deepEqual(await ids(api, '?before=1h'), [])
  assert.deepEqual(await ids(api, '?since=2090-01-01'), [])
})

test('pages follow each other without a gap and without a row twice', async () => {
  await using server = await withOutcomes()
  const seen: string[] = []
  let after = ''
  for (;;) {
    const page = await list(server.api, `?limit=2${after}`)
    seen.push(...page.outcomes.map(({ id }) => id))
    if (page.next === undefined) break
    assert.doesNotMatch(Buffer.from(page.next, 'base64url').toString('latin1'), /ok-|bad-/)
    after = `&after=${page.next}`
  }
  assert.deepEqual(seen.toSorted(), ['bad-1', 'bad-2', 'ok-1', 'ok-2', 'other-1'])
  const forged = await server.api('GET', '/api/outcomes?after=b2stMQ')
  assert.deepEqual([forged.status, codeOf(forged)], [400, 'bad-argument'])
})

test('a list shows the beginning of bodies, as much as is asked for', async () => {
  await using server = await withOutcomes()
  const [usual] = (await list(server.api, '?idPrefix=ok-1')).outcomes
  assert.deepEqual([usual?.bodyBytes, atob(usual?.bodyBase64 ?? '').length], [3_000, 1_024])
  const [none] = (await list(server.api, '?idPrefix=ok-1&bodyBytesMax=0')).outcomes
  assert.equal(none?.bodyBase64, '')
  const whole = await server.api('GET', '/api/outcomes/ok-1?as=json')
  assert.equal(atob((whole.json as { bodyBase64: string }).bodyBase64).length, 3_000)
})

test('failures are grouped by what went wrong', async () => {
  await using server = await withOutcomes()
  const grouped = await server.api('GET', '/api/failures')
  const { groups, examined, complete } = grouped.json as {
    groups: { queue: string; code: string; message: string; count: number }[]
    examined: number
    complete: boolean
  }
  const [group] = groups
  assert.deepEqual([groups.length, examined, complete], [1, 2, true])
  assert.deepEqual(
    [group?.queue, group?.code, group?.message, group?.count],
    ['a', 'Declared', 'no', 2],
  )
})

test('the four answers to an id', async () => {
  await using server = await withOutcomes()
  const { api } = server
  await server.server.engine.declareQueue('idle', {})
  await api('POST', '/api/queues/%2F/idle/messages', '{}', { ...json, 'idempotency-key': 'w' })
  const status = async (id: string): Promise<readonly unknown[]> => {
    const asked = await api('GET', `/api/outcomes/${id}`)
    return [asked.status, asked.status < 300 ? undefined : codeOf(asked)]
  }
  assert.deepEqual(await status('ok-1'), [200, undefined])
  assert.deepEqual(await status('bad-1'), [422, 'Declared'])
  assert.deepEqual(await status('w'), [202, undefined])
  assert.deepEqual(await status('never'), [404, 'unknown'])
  assert.deepEqual(await status('%00'), [400, 'bad-argument'])
})

test('a message is canceled by its id, and the second time it was final before', async () => {
  await using server = await withOutcomes()
  const { api } = server
  await server.server.engine.declareQueue('idle', {})
  await api('POST', '/api/queues/%2F/idle/messages', '{}', { ...json, 'idempotency-key': 'w' })
  const first = await api('DELETE', '/api/messages/w?reason=changed')
  const second = await api('DELETE', '/api/messages/w')
  assert.deepEqual(
    [first, second].map((answer) => (answer.json as { canceled: boolean }).canceled),
    [true, false],
  )
  const asked = await api('GET', '/api/outcomes/w')
  assert.deepEqual([codeOf(asked), asked.status], ['canceled', 422])
  assert.match((asked.json as { detail: string }).detail, /changed/)
  assert.equal((await api('DELETE', '/api/messages/never')).status, 404)
})

test('in another virtual host the same id is another message', async () => {
  await using server = await httpTestServer()
  const { accounts, engine } = server.server
  accounts.addVirtualHost('test bed')
  accounts.setPermission({
    user: 'admin',
    vhost: 'test bed',
    configure: '.*',
    write: '.*',
    read: '.*',
  })
  work(engine, 'q', () => result('in /'))
  work(engine, 'test bed\u001fq', () => result('in test bed'))
  const sendIn = (vhost: string): ReturnType<HttpClient> =>
    server.api('POST', `/api/queues/${encodeURIComponent(vhost)}/q/messages`, '{}', {
      ...json,
      'idempotency-key': 'one',
      prefer: 'wait=20',
    })
  const answers = [await sendIn('/'), await sendIn('test bed')]
  assert.deepEqual(
    answers.map(({ text }) => text),
    ['in /', 'in test bed'],
  )
  const location = answers[1]?.headers.get('location') ?? ''
  assert.equal(location, '/api/outcomes/one?vhost=test%20bed')
  assert.equal((await server.api('GET', location)).text, 'in test bed')
  const listed = await list(server.api, '')
  assert.doesNotMatch(JSON.stringify(listed), /\\u001f/)
  assert.deepEqual(await ids(server.api, '?vhost=test%20bed'), ['one'])
  const unknown = await server.api('GET', '/api/outcomes/two?vhost=test%20bed')
  assert.doesNotMatch(unknown.text, /\\u001f/)
})
