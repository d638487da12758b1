/*
 * One request, when everything about it has been checked.
 */

import type { PeerFacts } from '../amqp/admission.ts'
import type { Caller } from './caller.ts'
import type { Site } from './site.ts'

export interface Call<Query = unknown, Body = unknown> {
  readonly site: Site
  /** On an open route it may be nobody, whose `user` is ''. */
  readonly caller: Caller
  readonly peer: PeerFacts
  readonly query: Query
  readonly body: Body
  readonly headers: Headers
  /** Scheme, host and path as the client wrote them. */
  readonly url: URL
  /** Aborted when the client has gone. */
  readonly signal: AbortSignal
  /** A parameter of the path, decoded. */
  param(name: string): string
}
