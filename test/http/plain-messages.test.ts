import assert from 'node:assert/strict'
import { Buffer } from 'node:buffer'
import { test } from 'node:test'
import { encodeProperties } from '../../src/amqp/protocol/properties.ts'
import type { HeaderTable, HeaderValue } from '../../src/embedded/routing/header-value.ts'
import type { DeliveryJson } from '../../src/http/shapes/delivery-shapes.ts'
import { PlainMessage } from '../../src/message/plain-message.ts'
import { codeOf } from './checked-answers.ts'
import { type HttpClient, httpTestServer } from './http-server.ts'

const place = '/api/queues/%2F/jobs'

const headers: HeaderTable = new Map<string, HeaderValue>([
  ['text', 'x'],
  ['big', 2n ** 60n],
  ['bytes', Buffer.from([1, 2])],
  ['list', [1, 'a', null, true]],
  ['table', new Map([['__proto__', 'deep']])],
])

const take = async (api: HttpClient): Promise<DeliveryJson> => {
  const taken = await api('POST', `${place}/deliveries?wait=20s`)
  const [one] = (taken.json as { deliveries: readonly DeliveryJson[] }).deliveries
  return one ?? assert.fail('nothing came')
}

test('a message of an AMQP client is looked at, taken and settled over HTTP, with its properties', async () => {
  await using server = await httpTestServer()
  const { api, engine } = server
  await engine.declareQueue('jobs', {})
  const properties = encodeProperties({
    contentType: 'text/plain',
    headers,
    deliveryMode: 2,
    correlationId: 'c',
    replyTo: 'answers',
  })
  const message = new PlainMessage('', 'jobs', properties, Buffer.from('hello'))
  const queue = engine.door.queue('jobs') ?? assert.fail()
  engine.door.publish(message, [queue], true)
  const shown = {
    contentType: 'text/plain',
    headers: {
      text: 'x',
      big: String(2n ** 60n),
      bytes: { base64: 'AQI=' },
      list: [1, 'a', null, true],
      table: JSON.parse('{"__proto__":"deep"}') as unknown,
    },
    deliveryMode: 2,
    correlationId: 'c',
    replyTo: 'answers',
  }
  const listed = await api('GET', `${place}/messages`)
  const [summary] = (listed.json as { messages: { position: number; id?: string }[] }).messages
  assert.equal(summary?.id, undefined)
  const whole = await api('GET', `${place}/messages/${summary?.position}?bodyBytesMax=2`)
  const { properties: read, bodyBase64, bodyBytes } = whole.json as Record<string, unknown>
  assert.deepEqual(read, shown)
  assert.deepEqual([bodyBase64, bodyBytes], [btoa('he'), 5])
  const first = await take(api)
  assert.deepEqual([first.id, first.properties, first.deadlineAtMs], [undefined, shown, undefined])
  await api('POST', `/api/deliveries/${first.delivery}/retry?delay=0`)
  const second = await take(api)
  assert.equal(second.redelivered, true)
  assert.equal((await api('POST', `/api/deliveries/${second.delivery}`)).status, 204)
  assert.equal(engine.inspection.queue('jobs')?.ready, 0)
})

test('a body of 16 MiB is taken, one byte more is not', async () => {
  await using server = await httpTestServer()
  const { api, engine } = server
  await engine.declareQueue('jobs', {})
  const type = { 'content-type': 'application/octet-stream' }
  const most = Buffer.alloc(16 * 1024 * 1024, 'x')
  assert.equal((await api('POST', `${place}/messages`, most, type)).status, 202)
  const over = Buffer.alloc(most.length + 1)
  const refused = await api('POST', `${place}/messages`, over, type)
  assert.deepEqual([refused.status, codeOf(refused)], [413, 'message-too-large'])
  const { bodyBytes, bodyBase64 } = await take(api)
  assert.equal(bodyBytes, most.length)
  assert.ok(Buffer.from(bodyBase64, 'base64').equals(most))
})
