import assert from 'node:assert/strict'
import { Buffer } from 'node:buffer'
import http from 'node:http'
import { test } from 'node:test'
import type { Delivery } from '../../src/message/delivery.ts'
import { codeOf } from './checked-answers.ts'
import { type HttpTestServer, httpTestServer } from './http-server.ts'
import { failed, result, work } from './worker.ts'

const place = '/api/queues/%2F/orders/messages'
const json = { 'content-type': 'application/json' }

async function orders(): Promise<HttpTestServer> {
  const server = await httpTestServer()
  await server.engine.declareQueue('orders', {})
  return server
}

test('a message is answered when it is on disk, with where its outcome will be', async () => {
  await using server = await orders()
  const sent = await server.api('POST', place, '{"sku":"a"}', json)
  assert.equal(sent.status, 202)
  const receipt = sent.json as { id: string; duplicate: boolean; outcome: string }
  assert.equal(receipt.duplicate, false)
  assert.equal(sent.headers.get('location'), `/api/outcomes/${receipt.id}`)
  assert.equal(receipt.outcome, sent.headers.get('location'))
  const asked = await server.api('GET', receipt.outcome)
  assert.deepEqual([asked.status, (asked.json as { state: string }).state], [202, 'ready'])
})

test('who waits has the result as its consumer wrote it, with its type', async () => {
  await using server = await orders()
  work(server.engine, 'orders', ({ message }) =>
    result(`<b>${Buffer.from(message.body)}</b>`, 'text/html'),
  )
  const answer = await server.api('POST', place, 'a', {
    'content-type': 'text/plain',
    prefer: 'respond-async, wait=20',
  })
  assert.deepEqual([answer.status, answer.text], [200, '<b>a</b>'])
  assert.equal(answer.headers.get('content-type'), 'text/html')
  assert.equal(answer.headers.get('preference-applied'), 'wait=20')
  assert.match(answer.headers.get('content-security-policy') ?? '', /sandbox/)
  assert.equal(answer.headers.get('content-disposition'), 'attachment')
})

test('an outcome that is no result comes as a problem with its code and data', async () => {
  await using server = await orders()
  work(server.engine, 'orders', () => failed('OutOfStock', { sku: 'a', left: 0 }))
  const answer = await server.api('POST', place, '{}', { ...json, prefer: 'wait=20' })
  assert.equal(answer.status, 422)
  assert.match(answer.headers.get('content-type') ?? '', /^application\/problem\+json/)
  const { type, code, data } = answer.json as Record<string, unknown>
  assert.deepEqual([type, code], ['urn:homing:outcome:OutOfStock', 'OutOfStock'])
  assert.deepEqual(data, { sku: 'a', left: 0 })
})

test('what is not home in time is answered with its receipt', async () => {
  await using server = await orders()
  const answer = await server.api('POST', place, '{}', { ...json, prefer: 'wait=0' })
  assert.deepEqual([answer.status, answer.headers.get('preference-applied')], [202, 'wait=0'])
  const later = await server.api('POST', place, '{}', { ...json, prefer: 'wait=1' })
  assert.equal(later.status, 202)
})

test('the same Idempotency-Key is the same message: one work, one outcome, and the receipt says so', async () => {
  await using server = await orders()
  const worked: string[] = []
  const send = (key: string): ReturnType<typeof server.api> =>
    server.api('POST', place, '{}', { ...json, 'idempotency-key': key, prefer: 'wait=20' })
  work(server.engine, 'orders', ({ message }) => {
    worked.push(message.id)
    return result('done')
  })
  const [first, second] = [await send('"order 1"'), await send('order 1')]
  assert.deepEqual([first.text, second.text], ['done', 'done'])
  const duplicates = [first, second].map(({ headers }) => headers.get('homing-duplicate'))
  assert.deepEqual(duplicates, ['false', 'true'])
  assert.deepEqual(worked, ['order 1'])
  assert.equal(first.headers.get('location'), '/api/outcomes/order%201')
})

test('what is said of a message reaches its consumer', async () => {
  await using server = await orders()
  const { engine } = server
  const delivered = new Promise<Delivery>((resolve) => {
    work(engine, 'orders', (delivery) => {
      resolve(delivery)
      return undefined
    })
  })
  const query =
    '?priority=7&within=1h&timeout=2m&attempts=3&ttl=30s&key=k&header.Trace=t1&callback=told&context={"n":1}'
  const sent = await server.api('POST', place + query, Buffer.from([0, 255]), {
    'content-type': 'application/x-own',
  })
  assert.equal(sent.status, 202)
  const { message, acceptedAtMs } = await delivered
  assert.deepEqual([...message.body], [0, 255])
  assert.equal(message.contentType, 'application/x-own')
  assert.deepEqual([message.priority, message.timeoutMs, message.attemptsMax], [7, 120_000, 3])
  assert.ok(Math.abs(message.deadlineAtMs - acceptedAtMs - 3_600_000) < 1_000)
  assert.deepEqual(JSON.parse(JSON.stringify(message.meta)), {
    headers: { Trace: 't1' },
    key: 'k',
    callbacks: [{ name: 'told', context: '{"n":1}' }],
    ttlMs: 30_000,
  })
})

test('a delayed message waits, and its hour counts from then', async () => {
  await using server = await orders()
  const sent = await server.api('POST', `${place}?delay=2d&within=1h`, '{}', json)
  const { id } = sent.json as { id: string }
  const told = await server.api('GET', `/api/messages/${id}`)
  const { state, availableAtMs, deadlineAtMs } = told.json as Record<string, number>
  assert.equal(state, 'delayed')
  assert.equal((deadlineAtMs ?? 0) - (availableAtMs ?? 0), 3_600_000)
})

test('a batch is taken as a whole, as lines or as an array, with bodies as they were written', async () => {
  await using server = await orders()
  const bodies: string[] = []
  work(server.engine, 'orders', ({ message }) => {
    bodies.push(`${message.contentType} ${Buffer.from(message.body)}`)
    return result('')
  })
  const lines = [
    '{"body":{"n":12345678901234567890,"f":1.50},"id":"a"}',
    '{"body":"plain","contentType":"text/plain"}',
    '',
    '{"bodyBase64":"AAE=","priority":3}',
  ].join('\n')
  const sent = await server.api('POST', '/api/queues/%2F/orders/batch', lines)
  assert.equal(sent.status, 202)
  const { accepted } = sent.json as { accepted: { id: string; duplicate: boolean }[] }
  assert.deepEqual([accepted.length, accepted[0]?.id], [3, 'a'])
  const again = await server.api('POST', '/api/queues/%2F/orders/batch', [{ body: 1, id: 'a' }])
  const [second] = (again.json as { accepted: { duplicate: boolean }[] }).accepted
  assert.equal(second?.duplicate, true)
  for (const { id } of accepted) {
    const path = `/api/outcomes/${id}`
    assert.equal((await server.api('GET', path, undefined, { prefer: 'wait=20' })).status, 200)
  }
  assert.deepEqual(bodies.toSorted(), [
    'application/json {"n":12345678901234567890,"f":1.5}',
    'application/octet-stream \u0000\u0001',
    'text/plain plain',
  ])
})

test('a batch with one wrong message sends none', async () => {
  await using server = await orders()
  const place = '/api/queues/%2F/orders/batch'
  const wrong = [
    ['{"body":1}\n{"body":', 'bad-argument', /line 2/],
    ['[{"body":1},{"id":"x"}]', 'bad-argument', /message 2 of the batch: body is missing/],
    ['[{"body":1,"bodyBase64":"AA=="}]', 'bad-argument', /give one of them/],
    ['[{"bodyBase64":"AA"}]', 'bad-argument', /bodyBase64/],
    ['[{"body":1,"prioritty":1}]', 'bad-argument', /prioritty/],
    ['[{"body":1},{"body":2,"within":"0s"}]', 'bad-duration', /within/],
    ['[{"body":{"a":1},"contentType":"text/plain"}]', 'bad-argument', /no text/],
    ['[{"body":1,"id":"a\\u0001"}]', 'bad-argument', /control character/],
  ] as const
  for (const [body, code, text] of wrong) {
    const answer = await server.api('POST', place, body, json)
    assert.equal(codeOf(answer), code, answer.text)
    assert.match(answer.text, text)
  }
  const [queue] = server.engine.inspection.queues()
  assert.equal(queue?.published, 0)
})

test('what is wrong with a message is told, and nothing is sent', async () => {
  await using server = await orders()
  const wrong: readonly (readonly [string, Readonly<Record<string, string>>, string])[] = [
    [`${place}?priority=256`, json, 'bad-argument'],
    [`${place}?within=soon`, json, 'bad-duration'],
    [`${place}?within=1h&deadline=2090-01-01`, json, 'bad-argument'],
    [`${place}?deadline=2089-01-01&at=2090-01-01`, json, 'bad-argument'],
    [`${place}?delay=1h&at=2090-01-01`, json, 'bad-argument'],
    [`${place}?wihtin=1h`, json, 'unknown-option'],
    [`${place}?context={}`, json, 'bad-argument'],
    [`${place}?callback=c&context={`, json, 'bad-argument'],
    [place, { 'content-type': 'application/x-www-form-urlencoded' }, 'media-type-refused'],
    [place, { ...json, 'idempotency-key': '"open' }, 'bad-argument'],
    [place, { ...json, 'idempotency-key': '""' }, 'bad-argument'],
    ['/api/queues/nowhere/orders/messages', json, 'definition-unknown'],
  ]
  for (const [path, headers, code] of wrong) {
    const answer = await server.api('POST', path, '{}', headers)
    assert.equal(codeOf(answer), code, `${path}: ${answer.text}`)
  }
  assert.equal(server.engine.inspection.queue('orders')?.published, 0)
})

test('a full queue refuses, and says that trying again can help', async () => {
  await using server = await httpTestServer()
  await server.engine.declareQueue('orders', { depthMax: 1 })
  assert.equal((await server.api('POST', place, '1', json)).status, 202)
  const full = await server.api('POST', place, '2', json)
  assert.deepEqual([full.status, codeOf(full)], [429, 'queue-full'])
})

test('who goes away while waiting leaves nothing behind, and the message goes on', async () => {
  await using server = await orders()
  const { engine } = server
  const authorization = `Basic ${Buffer.from(`admin:${server.adminPassword}`).toString('base64')}`
  const headers = { authorization, ...json, prefer: 'wait=60', 'idempotency-key': 'left' }
  const request = http.request(server.url + place, { method: 'POST', headers, agent: false })
  request.on('error', () => undefined)
  request.end('{}')
  while (engine.inspection.queue('orders')?.ready !== 1) await new Promise(setImmediate)
  request.destroy()
  work(engine, 'orders', () => result('late'))
  const asked = await server.api('GET', '/api/outcomes/left', undefined, { prefer: 'wait=20' })
  assert.deepEqual([asked.status, asked.text], [200, 'late'])
})

test('a server that stops ends those who wait with a code, not with silence', async () => {
  const server = await orders()
  const waiting = server.api('POST', place, '{}', { ...json, prefer: 'wait=60' })
  while (server.engine.inspection.queue('orders')?.ready !== 1) await new Promise(setImmediate)
  const closed = server[Symbol.asyncDispose]()
  const answer = await waiting
  assert.deepEqual([answer.status, codeOf(answer)], [503, 'closed'])
  await closed
})

test('while memory or disk run short, messages are refused and it is said that trying again helps', async () => {
  const causes = [
    [{ memoryBytesMax: 1 }, 'memory-full', 503],
    [{ diskFreeBytesMin: Number.MAX_SAFE_INTEGER }, 'disk-full', 507],
  ] as const
  for (const [settings, code, status] of causes) {
    await using server = await httpTestServer(settings)
    let answer = await server.api('POST', place, '1', json)
    while (answer.status === 202) answer = await server.api('POST', place, '1', json)
    assert.deepEqual([answer.status, codeOf(answer)], [status, code])
    const batch = await server.api('POST', '/api/queues/%2F/orders/batch', '[{"body":1}]')
    assert.equal(codeOf(batch), code)
    assert.equal((await server.api('GET', '/api/outcomes')).status, 200)
  }
})
