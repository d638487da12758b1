/* Traces of a program that uses the library, over the embedded engine. */

import assert from 'node:assert/strict'
import { test } from 'node:test'
import { SpanKind, SpanStatusCode } from '@opentelemetry/api'
import { z } from 'zod'
import { openTracing } from '../../src/client/open-telemetry.ts'
import { openEmbedded } from '../../src/embedded/open.ts'
import { HomingError } from '../../src/errors.ts'
import { Home, homing, queue } from '../../src/index.ts'
import { idOf, named, parentOf, recordSpans, takenSpans, within } from './recorded-spans.ts'

recordSpans()

const job = queue('job', { retry: { attempts: 3, backoff: '1ms' } })

async function traced(run: (home: Home) => Promise<void>): Promise<void> {
  takenSpans()
  await using home = await homing('memory:', { traces: true })
  await run(home)
}

test('one trace goes from the sender over the consumer to the callback', async () => {
  await traced(async (home) => {
    const told = Promise.withResolvers<void>()
    home.consume(job, ({ input }) => input)
    const callback = home.callback('done', job, async () => {
      await within('in the callback', async () => {})
      told.resolve()
    })
    await within('request', () => home.send(job, 1, { id: 'order-1', callback }))
    await told.promise
  })
  const spans = takenSpans()
  const sent = named(spans, 'send job')
  const worked = named(spans, 'process job')
  const broughtHome = named(spans, 'callback callback:done')
  assert.equal(parentOf(sent), idOf(named(spans, 'request')))
  assert.equal(parentOf(worked), idOf(sent))
  assert.equal(parentOf(broughtHome), idOf(sent))
  assert.equal(parentOf(named(spans, 'in the callback')), idOf(broughtHome))
  assert.deepEqual(
    [sent.kind, worked.kind, broughtHome.kind],
    [SpanKind.PRODUCER, SpanKind.CONSUMER, SpanKind.CONSUMER],
  )
  assert.equal(new Set(spans.map((span) => span.spanContext().traceId)).size, 1)
  assert.deepEqual(worked.attributes, {
    'messaging.system': 'homing',
    'messaging.operation.name': 'process',
    'messaging.operation.type': 'process',
    'messaging.destination.name': 'job',
    'messaging.message.id': 'order-1',
    'messaging.message.body.size': 1,
    'homing.attempt': 1,
    'homing.settlement': 'final',
    'homing.outcome': 'ok',
  })
})

test('what a handler does joins the trace: its spans, and what it sends', async () => {
  const child = queue('child')
  await traced(async (home) => {
    home.consume(job, async ({ input }) => {
      await within('query', async () => {})
      return await home.call(child, input)
    })
    home.consume(child, ({ input }) => input)
    assert.equal(await home.call(job, 7), 7)
  })
  const spans = takenSpans()
  const worked = named(spans, 'process job')
  assert.equal(parentOf(named(spans, 'query')), idOf(worked))
  assert.equal(parentOf(named(spans, 'call child')), idOf(worked))
  assert.equal(parentOf(named(spans, 'send child')), idOf(named(spans, 'call child')))
  assert.equal(parentOf(named(spans, 'process child')), idOf(named(spans, 'send child')))
  assert.equal(parentOf(named(spans, 'send job')), idOf(named(spans, 'call job')))
})

test('each attempt is a span of its own beneath the sender, with its number and its error code', async () => {
  await traced(async (home) => {
    home.consume(job, ({ attempt }) => {
      if (attempt < 3) throw new Error('the secret is hunter2')
      return 'third'
    })
    assert.equal(await home.call(job, { password: 'hunter2' }), 'third')
  })
  const spans = takenSpans()
  const attempts = spans.filter(({ name }) => name === 'process job')
  const facts = attempts.map(({ attributes }) => [
    attributes['homing.attempt'],
    attributes['homing.settlement'],
    attributes['error.type'],
  ])
  assert.deepEqual(facts, [
    [1, 'retry', 'thrown'],
    [2, 'retry', 'thrown'],
    [3, 'final', undefined],
  ])
  const sender = idOf(named(spans, 'send job'))
  for (const attempt of attempts) assert.equal(parentOf(attempt), sender)
  assert.equal(attempts[0]?.status.code, SpanStatusCode.ERROR)
  const all = spans.map(({ attributes, events, status }) => ({ attributes, events, status }))
  assert.doesNotMatch(JSON.stringify(all), /hunter2/)
})

test('a wait for an outcome is a span that says what came of the message', async () => {
  const strict = queue('strict', { errors: { Refused: z.object({ card: z.string() }) } })
  await traced(async (home) => {
    home.consume(strict, ({ fail }) => {
      throw fail('Refused', { card: '4111' })
    })
    const receipt = await home.send(strict, 1)
    assert.equal((await receipt.outcome()).ok, false)
    await assert.rejects(home.call(strict, 1), { code: 'Refused' })
  })
  const spans = takenSpans()
  assert.equal(named(spans, 'wait strict').attributes['homing.outcome'], 'Refused')
  assert.equal(named(spans, 'call strict').attributes['error.type'], 'Refused')
  for (const { name, attributes } of spans)
    if (name === 'process strict') assert.equal(attributes['error.type'], 'Refused')
})

test('a send that is refused, and one that was sent before, say so', async () => {
  const full = queue('full', { depthMax: 1 })
  await traced(async (home) => {
    await home.send(full, 1, { id: 'same' })
    await home.send(full, 1, { id: 'same' })
    await assert.rejects(home.send(full, 2), { code: 'queue-full' })
  })
  const sent = takenSpans().map(({ attributes }) => [
    attributes['homing.duplicate'],
    attributes['error.type'],
  ])
  assert.deepEqual(sent, [
    [undefined, undefined],
    [true, undefined],
    [undefined, 'queue-full'],
  ])
})

test('a delivery that is taken away ends its span with the reason', async () => {
  const slow = queue('slow', { retry: { attempts: 1 }, timeout: '20ms' })
  await traced(async (home) => {
    home.consume(slow, () => new Promise(() => {}))
    const receipt = await home.send(slow, 1)
    assert.equal((await receipt.outcome()).ok, false)
  })
  const worked = named(takenSpans(), 'process slow')
  assert.equal(worked.attributes['error.type'], 'timeout')
  assert.equal(worked.attributes['homing.settlement'], 'revoked')
})

test('a batch runs in a span that is linked to the sender of each of its messages', async () => {
  await traced(async (home) => {
    const worked = Promise.withResolvers<void>()
    home.consumeMany(
      job,
      async (batch) => {
        await within('insert', async () => {})
        worked.resolve()
        return batch.map(({ input }) => input)
      },
      { batch: 2 },
    )
    await home.callAll(job, [1, 2])
    await worked.promise
  })
  const spans = takenSpans()
  const sent = named(spans, 'send job')
  assert.equal(sent.attributes['messaging.batch.message_count'], 2)
  const run = spans.find(
    (one) => one.attributes['messaging.batch.message_count'] === 2 && one !== sent,
  )
  assert.ok(run)
  assert.deepEqual(
    run.links.map((link) => link.context.spanId),
    [idOf(sent), idOf(sent)],
  )
  assert.equal(parentOf(named(spans, 'insert')), idOf(run))
  const each = spans.filter((one) => one.name === 'process job' && one !== run)
  assert.deepEqual(each.map(parentOf), [idOf(sent), idOf(sent)])
})

test('a batch handler that throws ends its span with an error', async () => {
  await traced(async (home) => {
    home.consumeMany(job, () => Promise.reject(new Error('no')), { batch: 1 })
    const receipt = await home.send(job, 1, { attempts: 1 })
    await receipt.outcome()
  })
  const batch = takenSpans().find((one) => one.attributes['messaging.batch.message_count'] === 1)
  assert.equal(batch?.attributes['error.type'], 'thrown')
})

test('a message that carries no trace begins a new one, whatever is active where it is handed out', async () => {
  takenSpans()
  const engine = await openEmbedded('memory:')
  await using untraced = new Home(engine)
  await using traced = new Home(engine, undefined, await openTracing())
  const worked = Promise.withResolvers<void>()
  await traced.consume(job, () => worked.resolve()).ready
  // The engine hands out in the turn, and so in the context, of whoever sends.
  await within('elsewhere', () => untraced.send(job, 1))
  await worked.promise
  assert.equal(parentOf(named(takenSpans(), 'process job')), undefined)
})

test('a message whose headers are full is sent without its trace', async () => {
  await traced(async (home) => {
    home.consume(job, () => undefined)
    await home.call(job, 1, { headers: { big: 'x'.repeat(65_450) } })
  })
  const spans = takenSpans()
  assert.equal(parentOf(named(spans, 'process job')), undefined)
})

test('without traces there is no header, no span, and nothing of it is called', async () => {
  takenSpans()
  await using home = await homing('memory:')
  const headers = Promise.withResolvers<unknown>()
  home.consume(job, (delivery) => headers.resolve(delivery.headers))
  await within('request', () => home.call(job, 1))
  assert.deepEqual(await headers.promise, {})
  assert.deepEqual(
    takenSpans().map(({ name }) => name),
    ['request'],
  )
})

test('traces without the package say what to install, and what is no boolean is refused', async () => {
  const missing = () => Promise.reject(new Error('Cannot find package'))
  await assert.rejects(
    openTracing(missing as never),
    (error) =>
      error instanceof HomingError &&
      error.code === 'module-missing' &&
      /npm install @opentelemetry\/api/.test(error.message),
  )
  await assert.rejects(homing('memory:', { traces: 'yes' as never }), { code: 'bad-argument' })
})
