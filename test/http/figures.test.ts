import assert from 'node:assert/strict'
import { test } from 'node:test'
import type {
  FiguresHistoryJson,
  LiveFiguresJson,
  LiveQueueJson,
  LiveQueuesJson,
  QueueHistoryJson,
} from '../../src/http/shapes/figures-shapes.ts'
import {
  liveFigures,
  liveQueue,
  liveQueues,
  queueHistory,
} from '../../src/http/shapes/figures-shapes.ts'
import type { OutcomeJson } from '../../src/http/shapes/outcome-shapes.ts'
import { outcome } from '../../src/http/shapes/outcome-shapes.ts'
import { readEvents } from './event-reader.ts'
import { type HttpClient, type HttpTestServer, httpTestServer } from './http-server.ts'
import { failed, result, work } from './worker.ts'

const json = { 'content-type': 'application/json' }

const login = ({ adminPassword }: HttpTestServer): string => `admin:${adminPassword}`

const send = (api: HttpClient, queue: string, id: string): ReturnType<HttpClient> =>
  api('POST', `/api/queues/%2F/${queue}/messages`, '{}', { ...json, 'idempotency-key': id })

test('what was sent is in the figures, and a second later in their history', async () => {
  await using server = await httpTestServer()
  await server.engine.declareQueue('a', {})
  await using events = await readEvents(`${server.url}/api/events`, login(server))
  await send(server.api, 'a', 'one')
  for (;;) {
    const { data } = await events.next('figures')
    assert.deepEqual(liveFigures.parse(data), data)
    const { now, sample, server: facts } = data as LiveFiguresJson
    assert.equal(facts.isStopping, false)
    if (now.published === 1 && sample !== undefined) break
  }
  const asked = await server.api('GET', '/api/figures?range=5m')
  const { samples, stepMs, now } = asked.json as FiguresHistoryJson
  assert.equal(stepMs, 1_000)
  assert.ok(samples.length > 0)
  assert.ok(samples.some(({ published }) => published > 0))
  assert.deepEqual([now.ready, samples.at(-1)?.ready], [1, 1])
  const ofQueue = await server.api('GET', '/api/queues/%2F/a/figures')
  assert.deepEqual(queueHistory.parse(ofQueue.json), ofQueue.json)
  const history = ofQueue.json as QueueHistoryJson
  assert.equal(history.now.ready, 1)
  assert.ok(history.samples.some(({ published }) => published > 0))
})

test('a list of queues is live: all of them first, then those that changed', async () => {
  await using server = await httpTestServer()
  const { engine } = server
  for (let n = 0; n < 5; n++) await engine.declareQueue(`q${n}`, {})
  const url = `${server.url}/api/events?queues=true`
  await using events = await readEvents(url, login(server))
  const next = async (): Promise<LiveQueuesJson> => {
    const read = await events.next('queues')
    assert.deepEqual(liveQueues.parse(read.data), read.data)
    return read.data as LiveQueuesJson
  }
  const seen = new Set<string>()
  for (let round = await next(); ; round = await next()) {
    for (const { name } of round.queues) seen.add(name)
    if (seen.size === 5) break
  }
  // At rest nothing is told.
  let round = await next()
  while (round.queues.length > 0) round = await next()
  await send(server.api, 'q3', 'one')
  while (round.queues.length === 0) round = await next()
  assert.equal(round.all, false)
  assert.deepEqual(
    round.queues.map(({ name, ready }) => [name, ready]),
    [['q3', 1]],
  )
})

test('one queue is live with its consumers', async () => {
  await using server = await httpTestServer()
  await server.engine.declareQueue('a', {})
  const consumer = work(server.engine, 'a', () => undefined)
  const url = `${server.url}/api/events?vhost=/&queue=a`
  await using events = await readEvents(url, login(server))
  const read = await events.next('queue')
  assert.deepEqual(liveQueue.parse(read.data), read.data)
  const { now, consumers } = read.data as LiveQueueJson
  assert.deepEqual([now.name, now.consumers, consumers[0]?.consumer], ['a', 1, 'worker'])
  await consumer.close()
})

test('a queue that is deleted is told as gone, and its own stream ends', async () => {
  await using server = await httpTestServer()
  await server.engine.declareQueue('a', {})
  await using one = await readEvents(`${server.url}/api/events?queue=a`, login(server))
  await using all = await readEvents(`${server.url}/api/events?queues=true`, login(server))
  await one.next('queue')
  let round = (await all.next('queues')).data as LiveQueuesJson
  while (!round.queues.some(({ name }) => name === 'a')) {
    round = (await all.next('queues')).data as LiveQueuesJson
  }
  assert.equal((await server.api('DELETE', '/api/queues/%2F/a')).status, 204)
  await one.ended()
  while (round.gone.length === 0) round = (await all.next('queues')).data as LiveQueuesJson
  assert.deepEqual(round.gone, [{ vhost: '/', name: 'a' }])
})

test('outcomes of a queue come as they come home, and after a break those that came meanwhile', async () => {
  await using server = await httpTestServer()
  await server.engine.declareQueue('a', {})
  await server.engine.declareQueue('b', {})
  for (const queue of ['a', 'b']) work(server.engine, queue, () => result('done'))
  const url = `${server.url}/api/outcome-events?queue=a`
  let mark = ''
  {
    await using events = await readEvents(url, login(server))
    await send(server.api, 'b', 'not this one')
    await send(server.api, 'a', 'one')
    const first = await events.next('outcome')
    assert.deepEqual(outcome.parse(first.data), first.data)
    assert.equal((first.data as OutcomeJson).id, 'one')
    mark = first.id ?? ''
  }
  for (const id of ['two', 'three']) {
    await send(server.api, 'a', id)
    await server.api('GET', `/api/outcomes/${id}`, undefined, { prefer: 'wait=20' })
  }
  await using events = await readEvents(url, login(server), { 'last-event-id': mark })
  const ids = [await events.next('outcome'), await events.next('outcome')].map(
    (read) => (read.data as OutcomeJson).id,
  )
  assert.deepEqual(ids, ['two', 'three'])
})

test('outcomes of some ids are told each once, then the stream is done and need not come again', async () => {
  await using server = await httpTestServer()
  await server.engine.declareQueue('a', {})
  await send(server.api, 'a', 'x,1')
  await send(server.api, 'a', 'y')
  const url = `${server.url}/api/outcome-events?ids=x%252C1,y,never`
  await using events = await readEvents(url, login(server))
  const unknown = await events.next('unknown')
  assert.deepEqual(unknown.data, { id: 'never', vhost: '/', code: 'unknown' })
  work(server.engine, 'a', ({ message }) =>
    message.id === 'y' ? failed('Declared', {}) : result('done'),
  )
  const told = [await events.next('outcome'), await events.next('outcome')]
  assert.deepEqual(told.map((read) => (read.data as OutcomeJson).code).toSorted(), [
    'Declared',
    'ok',
  ])
  const done = await events.next('done')
  await events.ended()
  const again = { 'last-event-id': done.id ?? '' }
  assert.equal((await readEvents(url, login(server), again)).status, 204)
})

test('what a user loses ends the streams', async () => {
  await using server = await httpTestServer()
  await server.addUser('ann', ['monitoring'])
  await server.engine.declareQueue('a', {})
  const paths = ['/api/events', '/api/events?queues=true', '/api/outcome-events?queue=a']
  const open = await Promise.all(paths.map((path) => readEvents(server.url + path, 'ann:pw')))
  assert.deepEqual(
    open.map(({ status }) => status),
    [200, 200, 200],
  )
  await server.server.accounts.setTags('ann', [])
  for (const events of open) await events.ended()
})

test('streams are bounded', async () => {
  await using server = await httpTestServer()
  await server.engine.declareQueue('a', {})
  const url = `${server.url}/api/outcome-events?queue=a`
  const open = await Promise.all(Array.from({ length: 100 }, () => readEvents(url, login(server))))
  assert.equal((await readEvents(url, login(server))).status, 503)
  for (const events of open) await events[Symbol.asyncDispose]()
})

test('who asks only for the head of a stream leaves none open', async () => {
  await using server = await httpTestServer()
  for (let n = 0; n < 101; n++) {
    assert.equal((await server.api('HEAD', '/api/events')).status, 200)
  }
  await using events = await readEvents(`${server.url}/api/events`, login(server))
  assert.equal(events.status, 200)
})

test('what is asked of a stream and is not there is a problem, not a stream', async () => {
  await using server = await httpTestServer()
  const { api } = server
  const answers = [
    await api('GET', '/api/events?queue=none'),
    await api('GET', '/api/outcome-events?queue=none'),
    await api('GET', '/api/outcome-events'),
    await api('GET', '/api/outcome-events?ids=a&queue=b'),
    await api('GET', '/api/outcome-events?ids='),
    await api('GET', '/api/outcome-events?ids=%25'),
  ]
  assert.deepEqual(
    answers.map(({ status }) => status),
    [404, 404, 400, 400, 400, 400],
  )
})
