import assert from 'node:assert/strict'
import { test } from 'node:test'
import { encodeProperties } from '../amqp/protocol/properties.ts'
import type { HeaderValue } from '../embedded/routing/header-value.ts'
import { parsedTraceParent, traceHeaders } from './trace-context.ts'

const traceparent = '00-0af7651916cd43dd8448eb211c80319c-b7ad6b7169203331-01'

const overAmqp = (headers: Readonly<Record<string, HeaderValue>>) =>
  traceHeaders({
    meta: undefined,
    properties: encodeProperties({ headers: new Map(Object.entries(headers)) }),
  })

test('a trace is carried on with its state, from a message of the library and from one over AMQP', () => {
  const headers = { traceparent, tracestate: 'vendor=1,other=a b' }
  assert.deepEqual(overAmqp({ ...headers, colour: 'red' }), headers)
  assert.deepEqual(traceHeaders({ meta: { headers } }), headers)
  const later = `cc${traceparent.slice(2)}-what.the-future-holds`
  assert.deepEqual(overAmqp({ traceparent: later }), { traceparent: later })
  assert.equal(parsedTraceParent(later)?.spanId, 'b7ad6b7169203331')
})

test('a trace that cannot be read is not carried on, nor is its state', () => {
  const wrong: readonly HeaderValue[] = [
    '',
    'x',
    'x'.repeat(100_000),
    `cc${traceparent.slice(2)}-${'x'.repeat(2_000)}`,
    traceparent.toUpperCase(),
    `${traceparent} `,
    `${traceparent}\n`,
    `${traceparent}-more`,
    `ff${traceparent.slice(2)}`,
    traceparent.replace(/-\w{32}-/, `-${'0'.repeat(32)}-`),
    traceparent.replace(/-\w{16}-/, `-${'0'.repeat(16)}-`),
    7,
    true,
    [traceparent],
    Buffer.from(traceparent),
  ]
  for (const value of wrong)
    assert.equal(overAmqp({ traceparent: value, tracestate: 'a=1' }), undefined)
  assert.equal(overAmqp({ tracestate: 'a=1' }), undefined)
})

test('a state that is no text of printable characters, or far too long, is left behind', () => {
  for (const tracestate of ['', 'a=1\n', '\0', 'ü=1', 'a'.repeat(1_025), 5])
    assert.deepEqual(overAmqp({ traceparent, tracestate }), { traceparent })
})
