import { isTraceState, parsedTraceParent } from '../../message/trace-context.ts'
import type { GivenOptions } from './send-options.ts'

/**
 * The trace that a request belongs to goes on with what it sends: a client that is instrumented for HTTP
 * says it in `traceparent`. A header of the message by that name goes before it; what is none is let be.
 */
export function tracedBy(given: GivenOptions, request: Headers): GivenOptions {
  const traceparent = request.get('traceparent')
  if (traceparent === null || given.headers?.traceparent !== undefined) return given
  if (parsedTraceParent(traceparent) === undefined) return given
  const tracestate = request.get('tracestate')
  const hasState = tracestate !== null && isTraceState(tracestate)
  const headers = { ...given.headers, traceparent, ...(hasState && { tracestate }) }
  return { ...given, headers }
}
