/*
 * The context of a trace as a message carries it: the headers `traceparent` and `tracestate` of W3C Trace
 * Context, in `meta.headers` of a message of the library, among the AMQP headers of one that came over
 * AMQP. That is where the instrumented clients of RabbitMQ put and look for them.
 *
 * Rule: they are a stranger's texts. Nothing is decided by them but which spans belong together.
 */

import { headerOf } from '../amqp/protocol/properties.ts'
import type { Message } from './message.ts'

export type TraceHeaders = Readonly<Record<string, string>>

/** A `traceparent` has 55 characters; of a `tracestate` whoever carries it on must take 512. */
const charactersMax = 1_024

const isShort = (header: string): boolean => header.length <= charactersMax

/** Whether a `tracestate` may be carried on: printable ASCII (W3C Trace Context §3.3.1), not too long. */
export const isTraceState = (text: string): boolean => isShort(text) && /^[ -~\t]+$/.test(text)

/** A header that is a text; undefined when there is none. */
export function textHeader(
  { meta, properties }: Pick<Message, 'meta' | 'properties'>,
  name: string,
): string | undefined {
  const headers = meta?.headers
  if (headers !== undefined && Object.hasOwn(headers, name)) return headers[name]
  if (properties === undefined) return undefined
  const value = headerOf(properties, name)
  return typeof value === 'string' ? value : undefined
}

/**
 * What carries the trace of a message on to the next one; undefined when it belongs to none. As the
 * standard has it, a `traceparent` that cannot be read is not carried on, nor is its `tracestate`.
 */
export function traceHeaders(
  message: Pick<Message, 'meta' | 'properties'>,
): TraceHeaders | undefined {
  const traceparent = textHeader(message, 'traceparent')
  if (traceparent === undefined || parsedTraceParent(traceparent) === undefined) return undefined
  const tracestate = textHeader(message, 'tracestate')
  return tracestate === undefined || !isTraceState(tracestate)
    ? { traceparent }
    : { traceparent, tracestate }
}

export interface TraceParent {
  readonly traceId: string
  readonly spanId: string
  /** Whoever began the trace records it. */
  readonly isSampled: boolean
}

const sampledFlag = 1

/** W3C Trace Context §3.2: `version-traceid-spanid-flags`, and what later versions append. */
export function parsedTraceParent(text: string): TraceParent | undefined {
  if (!isShort(text)) return undefined
  const parts = /^([\da-f]{2})-([\da-f]{32})-([\da-f]{16})-([\da-f]{2})(-.*)?$/.exec(text)
  if (parts === null) return undefined
  const [, version, traceId = '', spanId = '', flags = '', more] = parts
  if (version === 'ff' || (version === '00' && more !== undefined)) return undefined
  if (/^0+$/.test(traceId) || /^0+$/.test(spanId)) return undefined
  return { traceId, spanId, isSampled: (Number.parseInt(flags, 16) & sampledFlag) !== 0 }
}
