import assert from 'node:assert/strict'
import { Buffer } from 'node:buffer'
import { test } from 'node:test'
import type {
  DeadLetterJson,
  DeadLetterPageJson,
} from '../../src/http/shapes/dead-letter-shapes.ts'
import type { OutcomePageJson } from '../../src/http/shapes/outcome-shapes.ts'
import type { StoryJson } from '../../src/http/shapes/story-shapes.ts'
import { type HttpClient, httpTestServer } from './http-server.ts'
import { failed, result, work } from './worker.ts'

const json = { 'content-type': 'application/json' }

const send = (api: HttpClient, id: string, query = '', vhost = '%2F'): ReturnType<HttpClient> =>
  api('POST', `/api/queues/${vhost}/jobs/messages${query}`, `{"id":"${id}"}`, {
    ...json,
    'idempotency-key': id,
  })

const outcomeOf = (api: HttpClient, id: string): ReturnType<HttpClient> =>
  api('GET', `/api/outcomes/${id}`, undefined, { prefer: 'wait=20' })

const story = async (api: HttpClient, id: string): Promise<StoryJson> =>
  (await api('GET', `/api/messages/${id}`)).json as StoryJson

test('a message that failed tells why, is replayed, and its story leads to the new one and its result', async () => {
  await using server = await httpTestServer()
  const { api, engine } = server
  await engine.declareQueue('jobs', {})
  let isMended = false
  work(engine, 'jobs', () =>
    isMended
      ? result('mended')
      : {
          kind: 'retry',
          delayMs: 0,
          code: 'thrown',
          body: Buffer.from('{"name":"TypeError","message":"no route","stack":"at home"}'),
        },
  )
  await send(api, 'a', '?attempts=2')
  assert.equal((await outcomeOf(api, 'a')).status, 422)
  const told = await story(api, 'a')
  assert.deepEqual([told.state, told.isDeadLetter, told.attemptsMade], ['final', true, 2])
  assert.deepEqual(
    told.attempts.map(({ number, consumer, error }) => [number, consumer, error?.message]),
    [
      [1, 'worker', 'no route'],
      [2, 'worker', 'no route'],
    ],
  )
  assert.equal(told.attempts[0]?.error?.stack, 'at home')
  const [letter] = ((await api('GET', '/api/dead-letters')).json as DeadLetterPageJson).deadLetters
  assert.deepEqual([letter?.reason, letter?.error?.name], ['thrown', 'TypeError'])
  isMended = true
  const replayed = await api('POST', '/api/dead-letters/a/replay')
  const { ids } = replayed.json as { ids: readonly string[] }
  const [fresh = ''] = ids
  assert.equal((await outcomeOf(api, fresh)).text, 'mended')
  assert.deepEqual(
    [(await story(api, fresh)).replayOf, (await story(api, 'a')).replayedAs],
    ['a', fresh],
  )
  assert.equal((await api('GET', '/api/dead-letters/a')).status, 404)
  assert.equal((await outcomeOf(api, 'a')).status, 422)
})

test('those that match are replayed or dropped, as many as asked for, and in their own virtual host', async () => {
  await using server = await httpTestServer()
  const { api, engine } = server
  const { accounts } = server.server
  accounts.addVirtualHost('shop')
  const everything = { configure: '.*', write: '.*', read: '.*' }
  accounts.setPermission({ user: 'admin', vhost: 'shop', ...everything })
  for (const queue of ['jobs', 'shop\u001fjobs']) {
    await engine.declareQueue(queue, {})
    work(engine, queue, ({ attempt }) =>
      attempt === 1 ? failed('rejected', { reason: 'no' }) : result('done'),
    )
  }
  for (const vhost of ['%2F', 'shop']) {
    for (const id of ['a1', 'a2', 'b1']) {
      await send(api, id, '', vhost)
      const place = `/api/outcomes/${id}?vhost=${vhost}`
      assert.equal((await api('GET', place, undefined, { prefer: 'wait=20' })).status, 422)
    }
  }
  const left = async (): Promise<readonly string[]> => {
    const listed = (await api('GET', '/api/dead-letters')).json as DeadLetterPageJson
    return listed.deadLetters.map(({ vhost, id }: DeadLetterJson) => `${vhost} ${id}`).toSorted()
  }
  assert.equal((await left()).length, 6)
  const total = async (query: string): Promise<number> =>
    ((await api('GET', `/api/dead-letters${query}`)).json as DeadLetterPageJson).total
  assert.deepEqual(
    await Promise.all(
      ['', '?vhost=shop', '?vhost=shop&limit=1', '?queue=jobs', '?queue=none'].map(total),
    ),
    [6, 3, 3, 3, 0],
  )
  await send(api, 'later', '?delay=1h', 'shop')
  const delayed = async (query: string): Promise<unknown> =>
    ((await api('GET', `/api/delayed${query}`)).json as { total?: number }).total
  // It is counted by queue and in all, not by virtual host.
  assert.deepEqual(await Promise.all(['', '?vhost=%2F'].map(delayed)), [1, undefined])
  const paged = await api('GET', '/api/dead-letters?limit=4')
  const { deadLetters, next } = paged.json as DeadLetterPageJson
  assert.deepEqual([deadLetters.length, next !== undefined], [4, true])
  const rest = await api('GET', `/api/dead-letters?limit=4&after=${next}`)
  assert.equal((rest.json as DeadLetterPageJson).deadLetters.length, 2)
  const drop = (choice: object): ReturnType<HttpClient> =>
    api('POST', '/api/dead-letters/drop', choice)
  assert.deepEqual((await drop({ vhost: 'shop', idPrefix: 'a', limit: 1 })).json, {
    dropped: 1,
    more: true,
  })
  assert.deepEqual((await drop({ vhost: 'shop', ids: ['b1'] })).json, { dropped: 1, more: false })
  assert.deepEqual((await drop({ reason: 'expired' })).json, { dropped: 0, more: false })
  assert.deepEqual((await drop({ queue: 'jobs', before: '1h' })).json, { dropped: 0, more: false })
  const remaining = await left()
  assert.equal(remaining.length, 4)
  assert.deepEqual(
    remaining.filter((one) => one.startsWith('/')),
    ['/ a1', '/ a2', '/ b1'],
  )
  const all = await api('POST', '/api/dead-letters/replay', {})
  assert.equal((all.json as { replayed: number }).replayed, 4)
  assert.doesNotMatch(all.text, /\\u001f/)
})

test('behind rows that a user may not see, the next pages have those that it may', async () => {
  await using server = await httpTestServer()
  const { engine, api } = server
  for (const queue of ['mine', 'theirs']) {
    await engine.declareQueue(queue, {})
    work(engine, queue, () => result('x'))
  }
  const home = async (queue: string, id: string): Promise<void> => {
    const headers = { ...json, 'idempotency-key': id, prefer: 'wait=20' }
    await api('POST', `/api/queues/%2F/${queue}/messages`, '1', headers)
  }
  await home('mine', 'first')
  await Promise.all(Array.from({ length: 60 }, (_, n) => home('theirs', `t${n}`)))
  await home('mine', 'last')
  const { accounts } = server.server
  await accounts.addUser({ name: 'ann', password: Buffer.from('pw'), tags: [] })
  accounts.setPermission({ user: 'ann', vhost: '/', configure: '', write: '', read: '^mine$' })
  const ann = server.as('ann')
  const seen: string[] = []
  let pages = 0
  for (let after = ''; ; pages++) {
    const page = (await ann('GET', `/api/outcomes?limit=2${after}`)).json as OutcomePageJson
    seen.push(...page.outcomes.map(({ id }) => id))
    if (page.next === undefined) break
    after = `&after=${page.next}`
  }
  assert.deepEqual(seen, ['last', 'first'])
  assert.ok(pages >= 1, 'no page asks for ever')
})

test('a queue that is paused delivers nothing until it is resumed', async () => {
  await using server = await httpTestServer()
  const { api, engine } = server
  await engine.declareQueue('jobs', {})
  assert.deepEqual((await api('POST', '/api/queues/%2F/jobs/pause')).json, {
    ...{ vhost: '/', queue: 'jobs', paused: true },
  })
  work(engine, 'jobs', () => result('done'))
  await send(api, 'a')
  const peeked = await api('GET', '/api/queues/%2F/jobs/messages')
  const [summary] = (peeked.json as { messages: { id: string; attempts: number }[] }).messages
  assert.deepEqual([summary?.id, summary?.attempts], ['a', 0])
  assert.equal((await story(api, 'a')).state, 'ready')
  await api('POST', '/api/queues/%2F/jobs/resume')
  assert.equal((await outcomeOf(api, 'a')).text, 'done')
})
