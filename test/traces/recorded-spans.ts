/*
 * The SDK as a program sets it up, with an exporter that keeps the spans of this process.
 */

import assert from 'node:assert/strict'
import { context, propagation, trace } from '@opentelemetry/api'
import { AsyncLocalStorageContextManager } from '@opentelemetry/context-async-hooks'
import { W3CTraceContextPropagator } from '@opentelemetry/core'
import {
  BasicTracerProvider,
  InMemorySpanExporter,
  type ReadableSpan,
  SimpleSpanProcessor,
} from '@opentelemetry/sdk-trace-base'

const exporter = new InMemorySpanExporter()

export function recordSpans(): void {
  context.setGlobalContextManager(new AsyncLocalStorageContextManager().enable())
  propagation.setGlobalPropagator(new W3CTraceContextPropagator())
  const spanProcessors = [new SimpleSpanProcessor(exporter)]
  trace.setGlobalTracerProvider(new BasicTracerProvider({ spanProcessors }))
}

/** The spans that have ended, and forgets them. */
export function takenSpans(): readonly ReadableSpan[] {
  const spans = exporter.getFinishedSpans()
  exporter.reset()
  return spans
}

/** The only one of that name. */
export function named(spans: readonly ReadableSpan[], name: string): ReadableSpan {
  const [span, ...others] = spans.filter((one) => one.name === name)
  assert.ok(span && others.length === 0, `${name} among ${spans.map((one) => one.name)}`)
  return span
}

export const parentOf = (span: ReadableSpan): string | undefined => span.parentSpanContext?.spanId

export const idOf = (span: ReadableSpan): string => span.spanContext().spanId

/** A span of the program around what it does. */
export function within<T>(name: string, run: () => Promise<T>): Promise<T> {
  return trace.getTracer('program').startActiveSpan(name, async (span) => {
    try {
      return await run()
    } finally {
      span.end()
    }
  })
}
