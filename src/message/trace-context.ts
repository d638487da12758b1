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

/** What the specification allows a `tracestate` to be cut to is less; a `traceparent` has 55. */
const charactersMax = 1_024

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

/** What carries the trace of a message on to the next one; undefined when it belongs to none. */
export function traceHeaders(
  message: Pick<Message, 'meta' | 'properties'>,
): TraceHeaders | undefined {
  const traceparent = textHeader(message, 'traceparent')
  if (traceparent === undefined || traceparent.length > charactersMax) return undefined
  const tracestate = textHeader(message, 'tracestate')
  return tracestate === undefined || tracestate.length > charactersMax
    ? { traceparent }
    : { traceparent, tracestate }
}
