/*
 * Traces with clients that are instrumented by others: pika and OpenTelemetry's own instrumentation of it.
 *
 *   producer ══▶ homing serve ══▶ consumer      two processes; each tells its spans by lines
 *                     ╚══▶ collector            and the broker its own, by OTLP
 */

import assert from 'node:assert/strict'
import { join } from 'node:path'
import { after, test } from 'node:test'
import { Collector } from '../../traces/collector.ts'
import { type InteropBroker, lackingHoming, startBroker } from '../broker.ts'
import { ClientProgram } from '../client-program.ts'
import { lacking, python, pythonTraces } from '../installed.ts'

interface Span {
  readonly name: string
  readonly traceId: string
  readonly spanId: string
  readonly parentSpanId: string
  readonly fromMs: number
}

/** The spans of one role, in the order in which they ended. */
async function spansOf(broker: InteropBroker, role: 'producer' | 'consumer'): Promise<Span[]> {
  const program = new ClientProgram(broker, {
    command: python,
    args: [join(import.meta.dirname, 'traced-pika.py'), role],
    env: { PYTHONDONTWRITEBYTECODE: '1' },
  })
  after(() => program.kill())
  const spans: Span[] = []
  for (let line = await program.next(); line; line = await program.next())
    spans.push(line as unknown as Span)
  const end = await program.end()
  assert.ok(program.succeeded, `the ${role}: ${end}`)
  return spans
}

/** The spans of the broker, named by what they say. */
const brokerSpans = ({ spans }: Collector): Span[] =>
  spans.map(({ name, attributes, startTimeUnixNano, ...span }) => ({
    ...span,
    name: [name, attributes['homing.attempt'], attributes['homing.settlement']]
      .concat(attributes['homing.outcome'], attributes['error.type'])
      .filter(Boolean)
      .join(' '),
    fromMs: Number(BigInt(startTimeUnixNano)) / 1e6,
  }))

/** One text for each span of the trace with that root: the names from the root to it. */
function ways(spans: readonly Span[], root: string): readonly string[] {
  const { traceId } = spans.find(({ name }) => name === root) ?? assert.fail(`no span ${root}`)
  const ofTrace = spans.filter((span) => span.traceId === traceId)
  const byId = new Map(ofTrace.map((span) => [span.spanId, span]))
  const way = (span: Span): string => {
    if (span.parentSpanId === '') return span.name
    const parent = byId.get(span.parentSpanId)
    assert.ok(parent, `the parent of ${span.name} is in no program`)
    assert.ok(parent.fromMs <= span.fromMs + 1, `${span.name} begins before ${parent.name}`)
    // The instrumentation makes the span of a publish twice, for the channel and the one within it.
    return parent.name === span.name ? way(parent) : `${way(parent)} > ${span.name}`
  }
  return [...new Set(ofTrace.map(way))].sort()
}

test('a request of an instrumented pika, its attempts, its result and its reply are one trace with what the broker did', {
  skip: lacking(python, pythonTraces) || lackingHoming(),
}, async () => {
  await using collector = await Collector.start()
  const settings = { HOMING_TRACING_ENDPOINT: collector.endpoint }
  const broker = await startBroker({ settings })
  const [produced, consumed] = await Promise.all([
    spansOf(broker, 'producer'),
    spansOf(broker, 'consumer'),
  ]).finally(() => broker.stop())
  const told = brokerSpans(collector)
  const spans = [...produced, ...consumed, ...told]

  const sent = 'twice > traced.orders send'
  assert.deepEqual(ways(spans, 'twice'), [
    'twice',
    sent,
    `${sent} > deliver traced.orders 1 return`,
    `${sent} > deliver traced.orders 2 settled`,
    `${sent} > outcome traced.orders ok`,
    `${sent} > queue traced.orders 1`,
    `${sent} > queue traced.orders 2`,
    `${sent} > traced.orders receive`,
    `${sent} > traced.orders receive > traced.answers send`,
    `${sent} > traced.orders receive > traced.answers send > queue traced.answers 1`,
    `${sent} > traced.orders receive > traced.answers send > traced.answers receive`,
  ])

  // The reply to a direct request is in no queue; its name is another one each time.
  const direct = ways(spans, 'direct').map((way) => way.replaceAll(/amq\.rabbitmq\S+/g, 'DIRECT'))
  assert.equal(
    direct.at(-1),
    'direct > traced.orders send > traced.orders receive > DIRECT send > DIRECT receive',
  )

  const refused = 'refused > traced.orders send'
  assert.deepEqual(ways(spans, 'refused'), [
    'refused',
    refused,
    `${refused} > deliver traced.answers 1 settled`,
    `${refused} > deliver traced.orders 1 reject rejected`,
    `${refused} > outcome traced.orders rejected rejected`,
    `${refused} > queue traced.answers 1`,
    `${refused} > queue traced.orders 1`,
    `${refused} > traced.answers receive`,
    `${refused} > traced.orders receive`,
  ])

  // What cannot be read begins nothing with the broker, and a trace of its own with the consumer.
  const traces = new Set(produced.map(({ traceId }) => traceId))
  assert.deepEqual(
    told.filter(({ traceId }) => !traces.has(traceId)),
    [],
  )
})
