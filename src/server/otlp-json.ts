/*
 * Finished spans as OTLP has them in JSON (opentelemetry-proto, trace/v1; ids in hexadecimal).
 *
 *   { resourceSpans: [ { resource: { attributes }, scopeSpans: [ { scope, spans: [ … ] } ] } ] }
 */

import { version } from '../version.ts'

export type SpanAttribute = readonly [name: string, value: string | number]

export interface FinishedSpan {
  readonly traceId: string
  readonly spanId: string
  readonly parentSpanId: string
  readonly traceState: string | undefined
  readonly name: string
  /** Wall ms. */
  readonly fromMs: number
  readonly toMs: number
  readonly isError: boolean
  readonly attributes: readonly SpanAttribute[]
}

/** SPAN_KIND_INTERNAL: the ends of the message's way are the client's. */
const internalKind = 1
const errorStatus = 2
/** Sampled; it is known whether the parent is another process's (bit 8), and it is (bit 9). */
const flags = 0x301

export function encodeSpans(spans: readonly FinishedSpan[]): string {
  const resource = [
    ['service.name', 'homing'],
    ['service.version', version],
  ] as const
  return JSON.stringify({
    resourceSpans: [
      {
        resource: { attributes: resource.map(attributeOf) },
        scopeSpans: [{ scope: { name: 'homing.broker', version }, spans: spans.map(spanOf) }],
      },
    ],
  })
}

const spanOf = (span: FinishedSpan): object => ({
  traceId: span.traceId,
  spanId: span.spanId,
  parentSpanId: span.parentSpanId,
  flags,
  ...(span.traceState !== undefined && { traceState: span.traceState }),
  name: span.name,
  kind: internalKind,
  startTimeUnixNano: nanos(span.fromMs),
  endTimeUnixNano: nanos(span.toMs),
  attributes: span.attributes.map(attributeOf),
  status: span.isError ? { code: errorStatus } : {},
})

/** A 64-bit number is a text in JSON. */
const attributeOf = ([key, value]: SpanAttribute): object => ({
  key,
  value: typeof value === 'number' ? { intValue: String(value) } : { stringValue: value },
})

/** Nanoseconds of today do not fit into a double. */
function nanos(ms: number): string {
  const whole = Math.floor(ms)
  return String(BigInt(whole) * 1_000_000n + BigInt(Math.round((ms - whole) * 1_000_000)))
}
