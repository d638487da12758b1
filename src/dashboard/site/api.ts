/*
 * Requests to the API, with the session's cookie; what goes wrong is a `Problem` with the server's words.
 */

import { addressOf, type Query } from './route.ts'

export class Problem extends Error {
  /** 0 when the server was not reached. */
  readonly status: number
  readonly code: string

  constructor(status: number, code: string, text: string) {
    super(text)
    this.name = 'Problem'
    this.status = status
    this.code = code
  }
}

export interface Asked {
  readonly query?: Query
  /** Sent as JSON. */
  readonly json?: unknown
  readonly text?: string
  readonly headers?: Readonly<Record<string, string>>
  readonly signal?: AbortSignal
}

type Lost = () => void

let onLost: Lost = () => undefined

/** Called when an answer says that nobody is logged in any more. */
export function whenLoggedOut(lost: Lost): void {
  onLost = lost
}

/** A path of the API: `` path`queues/${vhost}/${queue}` `` encodes the names. */
export const path = (parts: TemplateStringsArray, ...names: readonly string[]): string =>
  `api/${String.raw({ raw: parts }, ...names.map(encodeURIComponent))}`

/** Answers undefined for an answer without a body. Fails with `Problem`. */
export async function ask<T>(method: string, path: string, asked: Asked = {}): Promise<T> {
  const { query, json, text, headers, signal } = asked
  const body = json === undefined ? text : JSON.stringify(json)
  let response: Response
  try {
    response = await fetch(addressOf(path, query), {
      method,
      headers: { ...(json !== undefined && { 'content-type': 'application/json' }), ...headers },
      ...(body !== undefined && { body }),
      ...(signal !== undefined && { signal }),
    })
  } catch (thrown) {
    if (signal?.aborted) throw thrown
    throw new Problem(0, 'unreachable', 'The server does not answer.')
  }
  const isJson = /json/.test(response.headers.get('content-type') ?? '')
  const answer: unknown = isJson ? await response.json() : await response.text()
  if (response.ok) return (isJson ? answer : undefined) as T
  if (response.status === 401 && path !== 'api/session') onLost()
  throw problemOf(response, answer)
}

function problemOf(response: Response, answer: unknown): Problem {
  const { code, detail, reason } = (typeof answer === 'object' && answer ? answer : {}) as {
    readonly code?: string
    readonly detail?: string
    readonly reason?: string
  }
  const text = detail ?? reason ?? `${response.status} ${response.statusText}`
  return new Problem(response.status, code ?? String(response.status), text)
}

export const get = <T>(path: string, query?: Query, signal?: AbortSignal): Promise<T> =>
  ask<T>('GET', path, { ...(query && { query }), ...(signal && { signal }) })
