/*
 * The table of routes on hono: which row a request belongs to, and what all answers have in common.
 */

import { Hono } from 'hono'
import type { PeerFacts } from '../amqp/admission.ts'
import type { Arrival } from '../amqp/arrivals.ts'
import { HomingError } from '../errors.ts'
import type { Route } from './route.ts'
import { securityHeaders } from './security-headers.ts'
import type { Serving } from './serving.ts'

/** What is known of the socket that a request came by. */
export interface FromSocket {
  readonly peer: PeerFacts
  readonly arrival: Arrival | undefined
}

export interface ApplicationParts {
  readonly routes: readonly Route[]
  readonly serving: Serving
  /** Files of the dashboard; undefined for what is none of them. */
  readonly page: (path: string, request: Request) => Promise<Response | undefined>
}

interface Environment {
  readonly Bindings: FromSocket
}

export type Application = (request: Request, from: FromSocket) => Promise<Response>

export function application({ routes, serving, page }: ApplicationParts): Application {
  const hono = new Hono<Environment>()
  for (const row of routes) {
    hono.on(row.method.toUpperCase(), honoPath(row.path), (context) =>
      serving.serve(row, {
        request: context.req.raw,
        ...context.env,
        params: context.req.param() as Readonly<Record<string, string>>,
      }),
    )
  }
  const methods = methodsByPath(routes)
  for (const [path, allowed] of methods) {
    hono.all(path, (context) => {
      const request = context.req.raw
      if (request.method === 'OPTIONS' && allowed.length > 0) {
        return new Response(null, { status: 204, headers: { allow: allowed.join(', ') } })
      }
      const text = `${request.method} is not taken here; ${allowed.join(', ')} is`
      const response = serving.failed(new HomingError('method-refused', text), {
        request,
        ...context.env,
      })
      response.headers.set('allow', allowed.join(', '))
      return response
    })
  }
  hono.notFound(async (context) => {
    const request = context.req.raw
    const found = isReading(request) ? await page(context.req.path, request) : undefined
    if (found !== undefined) return found
    const text = `there is nothing at ${context.req.path.slice(0, 200)}; /api/openapi.json lists what there is`
    return serving.failed(new HomingError('path-unknown', text), { request, ...context.env })
  })
  return async (request, from) => {
    const response = await hono.fetch(request, from)
    const { headers } = response
    // Answers of the table have them, some of them stricter; files of the dashboard do not.
    if (headers.has('content-security-policy')) return response
    for (const [name, value] of securityHeaderPairs) headers.set(name, value)
    return response
  }
}

const securityHeaderPairs = Object.entries(securityHeaders)

const isReading = ({ method }: Request): boolean => method === 'GET' || method === 'HEAD'

/** `/api/queues/{vhost}` as hono writes it. */
const honoPath = (path: string): string => path.replaceAll(/\{(\w+)\}/g, ':$1')

function methodsByPath(routes: readonly Route[]): ReadonlyMap<string, readonly string[]> {
  const methods = new Map<string, string[]>()
  for (const { path, method } of routes) {
    const there = methods.get(honoPath(path)) ?? []
    methods.set(honoPath(path), [
      ...there,
      method.toUpperCase(),
      ...(method === 'get' ? ['HEAD'] : []),
    ])
  }
  return methods
}
