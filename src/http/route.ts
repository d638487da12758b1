/*
 * A row of the table of routes: everything about one request, in one place.
 *
 *   request ─▶ who calls ─▶ access, right ─▶ limits ─▶ query, body ─▶ handle ─▶ answer
 *                    all of it from the row, before `handle` is called (serving.ts)
 *
 * The OpenAPI document and the test of every route × every role are made of the same rows.
 */

import type { z } from 'zod'
import type { Right } from '../virtual-host/port.ts'
import type { Access } from './access.ts'
import type { Call } from './call.ts'

export type HttpMethod = 'get' | 'post' | 'put' | 'delete'

/** A right of AMQP on what a parameter of the path names. */
export interface NeededRight {
  readonly right: Right
  /** Name of the path's parameter that names the queue or exchange. */
  readonly on: string
}

/** What an answer says, for the document and the tests. */
export interface AnswerShape {
  readonly description: string
  /** Undefined for an answer without a body. */
  readonly schema?: z.ZodType | undefined
  /** Default `application/json`. */
  readonly contentType?: string
}

export interface Answer {
  /** Default 200, or 204 when there is nothing to say. */
  readonly status?: number
  readonly headers?: Readonly<Record<string, string>>
  /** Written as JSON. */
  readonly json?: unknown
  /** Written as it is; `content-type` stands in the headers. */
  readonly body?: string | Uint8Array<ArrayBuffer> | ReadableStream<Uint8Array>
}

export interface RouteOf<Query, Body> {
  readonly method: HttpMethod
  /** With parameters in braces: `/api/queues/{vhost}/{queue}`. */
  readonly path: string
  /** One sentence in the imperative, for the document. */
  readonly summary: string
  /** The chapter of the document it stands in. */
  readonly tag: string
  readonly access: Access
  readonly right?: NeededRight
  /**
   * The user need not have entered the `{vhost}` of the path, nor has the virtual host to be there: the
   * administration of virtual hosts themselves.
   */
  readonly anyVirtualHost?: true
  /**
   * The virtual host stands in the query as `vhost` and not in the path. `one`: `/` when it is left out;
   * `any`: then all that the user may enter. One that is named is checked as one of the path is.
   */
  readonly virtualHostInQuery?: 'one' | 'any'
  /** Writes that are allowed in read-only mode: logging in and out. */
  readonly allowedReadOnly?: true
  /** The traffic of messages: when it is done, the audit log is not told. Refusals are told always. */
  readonly unaudited?: true
  readonly query?: z.ZodType<Query>
  /** Of a JSON body. `bytes`: the body as it came. */
  readonly body?: z.ZodType<Body> | 'bytes'
  /** Bytes of the body; limits.httpBodyBytesMax by default. */
  readonly bodyBytesMax?: number
  readonly answers: Readonly<Record<number, AnswerShape>>
  handle(call: Call<Query, Body>): Promise<Answer> | Answer
}

/** A row whose types are forgotten: what the table holds. */
export type Route = RouteOf<unknown, unknown>

/** Makes a row; within `handle`, query and body have the types of their schemas. */
export function route<Query = undefined, Body = undefined>(row: RouteOf<Query, Body>): Route {
  return row as unknown as Route
}

/** Names of the parameters in a path. */
export const parametersOf = (path: string): readonly string[] =>
  [...path.matchAll(/\{(\w+)\}/g)].map(([, name = '']) => name)
