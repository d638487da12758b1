import assert from 'node:assert/strict'
import { Buffer } from 'node:buffer'
import http from 'node:http'
import { test } from 'node:test'
import type { DeliveryJson } from '../../src/http/shapes/delivery-shapes.ts'
import { codeOf } from './checked-answers.ts'
import { type HttpClient, type HttpTestServer, httpTestServer } from './http-server.ts'

const place = '/api/queues/%2F/jobs'
const json = { 'content-type': 'application/json' }

async function jobs(): Promise<HttpTestServer> {
  const server = await httpTestServer()
  await server.server.engine.declareQueue('jobs', {})
  return server
}

const send = (api: HttpClient, id: string, query = ''): ReturnType<HttpClient> =>
  api('POST', `${place}/messages${query}`, `{"id":"${id}"}`, { ...json, 'idempotency-key': id })

async function take(api: HttpClient, query = '?wait=20s'): Promise<readonly DeliveryJson[]> {
  const taken = await api('POST', `${place}/deliveries${query}`)
  assert.equal(taken.status, 200, taken.text)
  return (taken.json as { deliveries: readonly DeliveryJson[] }).deliveries
}

const outcome = async (api: HttpClient, id: string): Promise<Record<string, unknown>> => {
  const path = `/api/outcomes/${id}?as=json`
  const asked = await api('GET', path, undefined, { prefer: 'wait=20' })
  return asked.json as Record<string, unknown>
}

test('a message is taken, worked on and answered over HTTP alone', async () => {
  await using server = await jobs()
  const { api } = server
  const waiting = take(api, '?max=10&wait=20s')
  await send(api, 'a', '?priority=2&key=k&header.Trace=t')
  const [delivery] = await waiting
  assert.ok(delivery !== undefined)
  assert.deepEqual([delivery.id, delivery.attempt, delivery.redelivered], ['a', 1, false])
  assert.deepEqual([delivery.priority, delivery.key, delivery.headers], [2, 'k', { Trace: 't' }])
  assert.equal(Buffer.from(delivery.bodyBase64, 'base64').toString(), '{"id":"a"}')
  const settled = await api('POST', `/api/deliveries/${delivery.delivery}`, 'Hello', {
    'content-type': 'text/plain',
  })
  assert.equal(settled.status, 204)
  const home = await api('GET', '/api/outcomes/a')
  assert.deepEqual([home.status, home.text], [200, 'Hello'])
  const again = await api('POST', `/api/deliveries/${delivery.delivery}`)
  assert.deepEqual([again.status, codeOf(again)], [409, 'fenced'])
})

test('nothing to do is an empty list, and nothing stays behind', async () => {
  await using server = await jobs()
  assert.deepEqual(await take(server.api, ''), [])
  assert.deepEqual(await take(server.api, '?wait=20ms&max=3'), [])
  assert.equal(server.engine.inspection.queue('jobs')?.consumers, 0)
})

test('each way of settling ends where it says', async () => {
  await using server = await jobs()
  const { api } = server
  for (const id of ['declared', 'again', 'refused']) await send(api, id, '?attempts=1')
  const taken = await take(api, '?max=10&wait=20s')
  const name = (id: string): string | undefined => taken.find((one) => one.id === id)?.delivery
  const settle = (id: string, how: string, body: string): ReturnType<HttpClient> =>
    api('POST', `/api/deliveries/${name(id)}${how}`, body, json)
  assert.equal((await settle('declared', '/error?code=NotAnImage', '{"mime":"x"}')).status, 204)
  assert.equal((await settle('again', '/retry?delay=0', '{"message":"no"}')).status, 204)
  const why = { 'content-type': 'text/plain' }
  const rejected = await api('POST', `/api/deliveries/${name('refused')}/reject`, 'never', why)
  assert.equal(rejected.status, 204)
  const codes = await Promise.all(
    ['declared', 'again', 'refused'].map(async (id) => {
      const { code, bodyBase64 } = await outcome(api, id)
      return [code, Buffer.from(bodyBase64 as string, 'base64').toString()]
    }),
  )
  assert.deepEqual(codes, [
    ['NotAnImage', '{"mime":"x"}'],
    ['thrown', '{"message":"no"}'],
    ['rejected', '{"reason":"never"}'],
  ])
})

test('what is tried again counts, what is given back does not', async () => {
  await using server = await jobs()
  const { api } = server
  await send(api, 'a', '?attempts=2')
  const step = async (how: string): Promise<number | undefined> => {
    const [one] = await take(api)
    await api('POST', `/api/deliveries/${one?.delivery}${how}`)
    return one?.attempt
  }
  assert.equal(await step('/return'), 1)
  assert.equal(await step('/retry?delay=0'), 2)
  assert.equal(await step('/retry?delay=0'), 3)
  const { code } = await outcome(api, 'a')
  assert.equal(code, 'thrown')
})

test('what is not settled in its time goes back, and is lost when that was the last attempt', async () => {
  await using server = await jobs()
  const { api } = server
  await send(api, 'a', '?attempts=2')
  const [first] = await take(api, '?wait=20s&lease=30ms')
  const [second] = await take(api, '?wait=20s&lease=30ms')
  assert.deepEqual([first?.attempt, second?.attempt], [1, 2])
  const late = await api('POST', `/api/deliveries/${first?.delivery}`)
  assert.deepEqual([late.status, codeOf(late)], [409, 'fenced'])
  assert.equal((await outcome(api, 'a')).code, 'lost')
})

test('a lease is as long as asked for, no longer than the attempt may be, and is extended', async () => {
  await using server = await jobs()
  const { api } = server
  await send(api, 'short', '?timeout=5s')
  await send(api, 'long', '?timeout=10h')
  const [short, long] = await take(api, '?max=2&wait=20s&lease=1m')
  const leftMs = (one?: DeliveryJson): number => (one?.leasedUntilMs ?? 0) - Date.now()
  assert.ok(leftMs(short) <= 5_000, 'the engine takes it back then')
  assert.ok(leftMs(long) > 50_000)
  const extended = await api('POST', `/api/deliveries/${long?.delivery}/lease?lease=30m`)
  const { leasedUntilMs } = extended.json as { leasedUntilMs: number }
  assert.ok(leasedUntilMs - Date.now() > 29 * 60_000)
})

test('a delivery belongs to who took it: for others there is none of that name', async () => {
  await using server = await jobs()
  const ann = await server.addUser('ann')
  await send(server.api, 'a')
  const [taken] = await take(server.api)
  for (const how of ['', '/retry', '/lease', '/progress', '/return', '/error?code=X', '/reject']) {
    const foreign = await ann('POST', `/api/deliveries/${taken?.delivery}${how}`)
    assert.deepEqual([foreign.status, codeOf(foreign)], [409, 'fenced'], how)
  }
  assert.equal((await server.api('POST', `/api/deliveries/${taken?.delivery}`)).status, 204)
})

test('a user who loses a right gives back what it holds, and waits no more', async () => {
  await using server = await jobs()
  const ann = await server.addUser('ann')
  await send(server.api, 'a')
  const [held] = await take(ann)
  const waiting = ann('POST', `${place}/deliveries?wait=60s`)
  while (server.engine.inspection.queue('jobs')?.consumers !== 2) await new Promise(setImmediate)
  server.server.accounts.clearPermission('ann', '/')
  const ended = await waiting
  assert.deepEqual([ended.status, codeOf(ended)], [403, 'access-refused'])
  const [again] = await take(server.api)
  assert.deepEqual([again?.id, again?.attempt], [held?.id, 2])
  assert.equal((await ann('POST', `/api/deliveries/${held?.delivery}`)).status, 409)
})

test('who goes away while waiting takes nothing along', async () => {
  await using server = await jobs()
  const { engine } = server
  const authorization = `Basic ${Buffer.from(`admin:${server.adminPassword}`).toString('base64')}`
  const request = http.request(`${server.url}${place}/deliveries?wait=60s&max=5`, {
    ...{ method: 'POST', headers: { authorization }, agent: false },
  })
  request.on('error', () => undefined)
  request.end()
  while (engine.inspection.queue('jobs')?.consumers !== 1) await new Promise(setImmediate)
  request.destroy()
  while (engine.inspection.queue('jobs')?.consumers !== 0) await new Promise(setImmediate)
  await send(server.api, 'a')
  const [taken] = await take(server.api)
  assert.deepEqual([taken?.id, taken?.attempt], ['a', 1])
})

test('two who take at once never get the same message', async () => {
  await using server = await jobs()
  const count = 60
  const lines = Array.from({ length: count }, (_, n) => `{"body":${n}}`).join('\n')
  await server.api('POST', `${place}/batch`, lines)
  const seen = new Set<string>()
  const worker = async (): Promise<void> => {
    while (seen.size < count) {
      const taken = await take(server.api, '?max=7&wait=100ms')
      for (const { delivery, id = '' } of taken) {
        assert.equal(seen.has(id), false)
        seen.add(id)
        assert.equal((await server.api('POST', `/api/deliveries/${delivery}`)).status, 204)
      }
    }
  }
  await Promise.all([worker(), worker(), worker()])
  assert.equal(seen.size, count)
})

test('what is settled wrongly stays held, and can be settled rightly', async () => {
  await using server = await jobs()
  const { api } = server
  await send(api, 'a')
  const [taken] = await take(api)
  const wrong: readonly (readonly [string, string, string])[] = [
    ['/error?code=ok', '{}', 'bad-argument'],
    ['/error?code=lost', '{}', 'bad-argument'],
    ['/error', '{}', 'bad-argument'],
    ['/retry?delay=never', '', 'bad-duration'],
    ['/retry', '{"open":', 'bad-argument'],
    ['/lease?lease=0', '', 'bad-duration'],
    ['/reject', `"${'x'.repeat(20_000)}"`, 'message-too-large'],
  ]
  for (const [how, body, code] of wrong) {
    const answer = await api('POST', `/api/deliveries/${taken?.delivery}${how}`, body, json)
    assert.equal(codeOf(answer), code, `${how}: ${answer.text}`)
  }
  assert.equal((await api('POST', `/api/deliveries/${taken?.delivery}`, '{}', json)).status, 204)
})

test('no more are held over HTTP by one user than the limit', async () => {
  await using server = await jobs()
  const waits = Array.from({ length: 10 }, () =>
    server.api('POST', `${place}/deliveries?max=1000&wait=60s`),
  )
  while (server.engine.inspection.queue('jobs')?.consumers !== 10) await new Promise(setImmediate)
  const refused = await server.api('POST', `${place}/deliveries?max=1&wait=60s`)
  assert.deepEqual([refused.status, codeOf(refused)], [503, 'memory-full'])
  await server.api('POST', `${place}/batch`, Array(10).fill('{"body":1}').join('\n'))
  const taken = await Promise.race(waits)
  assert.equal(taken.status, 200)
})

test('progress reaches who watches the message', async () => {
  await using server = await jobs()
  await send(server.api, 'a')
  const [taken] = await take(server.api)
  const seen = new Promise<string>((resolve) => {
    server.engine.watchProgress('a', (body) => resolve(Buffer.from(body).toString()))
  })
  const told = await server.api(
    'POST',
    `/api/deliveries/${taken?.delivery}/progress`,
    '{"done":1}',
    json,
  )
  assert.equal(told.status, 204)
  assert.equal(await seen, '{"done":1}')
})
