/*
 * One row of the table as a handler: everything that is to be checked, in the order in which it is.
 *
 *   origin ─▶ login ─▶ access ─▶ virtual host ─▶ right ─▶ query ─▶ body ─▶ handle ─▶ answer
 *
 * Rules: nothing of the body is read before the user may call the route. Who has not logged in learns
 * nothing of what is there. A fault of ours is told as such, without what it was.
 */

import type { PeerFacts } from '../amqp/admission.ts'
import type { Arrival } from '../amqp/arrivals.ts'
import { HomingError } from '../errors.ts'
import { Names } from '../port-session/names.ts'
import { defaultVirtualHost, scopeEnd } from '../scoped-name.ts'
import { authorize } from '../server/permissions.ts'
import { noteDone, noteError } from './auditing.ts'
import type { Authentication } from './authentication.ts'
import { BodyRoom } from './body-room.ts'
import type { Call } from './call.ts'
import { Caller } from './caller.ts'
import { fitted } from './fitted.ts'
import { asHomingError, problem } from './problem.ts'
import { readBody } from './request-body.ts'
import type { Answer, Route } from './route.ts'
import { checkOrigin, type OriginSettings } from './same-origin.ts'
import { securityHeaders } from './security-headers.ts'
import type { Site } from './site.ts'

/** A request before anything is known of it. */
export interface Arrived {
  readonly request: Request
  readonly peer: PeerFacts
  readonly arrival: Arrival | undefined
  /** Parameters of the path, decoded. */
  readonly params: Readonly<Record<string, string>>
}

export interface ServingParts {
  readonly site: Site
  readonly authentication: Authentication
  readonly origin: OriginSettings
}

interface Asking {
  readonly caller: Caller
  readonly params: Readonly<Record<string, string>>
  readonly vhost: string | undefined
}

export class Serving {
  readonly #parts: ServingParts
  readonly #bodies = new BodyRoom()

  constructor(parts: ServingParts) {
    this.#parts = parts
  }

  /** Never fails: says what is wrong. */
  async serve(route: Route, arrived: Arrived): Promise<Response> {
    const { audit } = this.#parts.site
    const { request, peer } = arrived
    const audited = { route, user: '', from: peer.address, url: request.url }
    try {
      const answer = await this.#answer(route, arrived, (caller) => {
        audited.user = caller.user
      })
      noteDone(audit, audited)
      return responseOf(arrived.request.method === 'HEAD' ? await headOf(answer) : answer)
    } catch (thrown) {
      noteError(audit, audited, asHomingError(thrown)?.code ?? 'server-failed')
      return this.failed(thrown, arrived)
    }
  }

  failed(thrown: unknown, { request, peer }: Pick<Arrived, 'request' | 'peer'>): Response {
    const error = asHomingError(thrown)
    if (error !== undefined) return responseOf(problem(error, this.#challenge(error, request)))
    const { log } = this.#parts.site
    const { pathname } = new URL(request.url)
    const stack = thrown instanceof Error ? thrown.stack : undefined
    log.error(
      { peer: peer.address, method: request.method, path: pathname, error: thrown, stack },
      'a request broke',
    )
    return responseOf(
      problem(new HomingError('server-failed', 'the server failed at this; its log says how')),
    )
  }

  async #answer(route: Route, arrived: Arrived, known: (caller: Caller) => void): Promise<Answer> {
    const { site, origin } = this.#parts
    const { request, peer, params } = arrived
    const header = (name: string): string | undefined => request.headers.get(name) ?? undefined
    const { tls, localAddress } = peer
    checkOrigin({ method: request.method, tls, localAddress, header }, origin)
    const caller = await this.#caller(route, arrived)
    known(caller)
    const url = new URL(request.url)
    const vhost = virtualHostOf(route, params, url)
    this.#checkAllowed(route, { caller, params, vhost })
    const query =
      route.query && fitted(route.query, Object.fromEntries(url.searchParams), 'the query')
    const call: Call = {
      site,
      caller,
      peer,
      query,
      body: await this.#body(route, request),
      headers: request.headers,
      url,
      // Made when it is asked for: most never do.
      get signal() {
        return request.signal
      },
      param: (name) => params[name] ?? '',
    }
    try {
      return await route.handle(call)
    } catch (thrown) {
      throw asWithin(vhost, thrown)
    }
  }

  async #body(route: Route, request: Request): Promise<unknown> {
    using room = this.#bodies.open()
    return await readBody(route, request, room)
  }

  async #caller(route: Route, { request, peer, arrival }: Arrived): Promise<Caller> {
    const { authentication, site } = this.#parts
    const presenter = await authentication.presenter({
      peer,
      authorization: request.headers.get('authorization') ?? undefined,
      cookie: request.headers.get('cookie') ?? undefined,
      isGone: () => request.signal.aborted,
    })
    if (presenter.user !== '') arrival?.opened()
    else if (route.access !== 'open') {
      throw new HomingError(
        'login-refused',
        'log in first: name and password as Basic, or a session',
      )
    }
    return new Caller(site.definitions, presenter)
  }

  /** Fails with `access-refused`, `read-only`, `definition-unknown`. */
  #checkAllowed(route: Route, { caller, params, vhost }: Asking): void {
    const { site } = this.#parts
    const { access, method, right } = route
    if (access !== 'open' && !caller.has(access)) {
      throw refused(`user "${caller.user}" is not tagged ${access}, which this asks for`)
    }
    const isWrite = method !== 'get' && route.allowedReadOnly !== true
    if (isWrite && site.settings.readOnly === true) {
      throw new HomingError(
        'read-only',
        'this server is in read-only mode: nothing is changed by HTTP',
      )
    }
    if (vhost === undefined || route.anyVirtualHost === true) return
    const sees = method === 'get' ? caller.maySee(vhost) : caller.mayEnter(vhost)
    const isThere = site.definitions.state.vhosts.has(vhost)
    if (!sees && (isThere || !caller.has('monitoring'))) {
      throw refused(`user "${caller.user}" may not enter virtual host "${vhost}"`)
    }
    if (!isThere) {
      throw new HomingError('definition-unknown', `there is no virtual host "${vhost}"`)
    }
    if (right === undefined) return
    const resource = params[right.on] ?? ''
    const { user } = caller
    if (!authorize(site.definitions.state, { user, vhost, right: right.right, resource })) {
      throw refused(
        `user "${user}" has no right to ${right.right} "${resource}" in virtual host "${vhost}"`,
      )
    }
  }

  /** Programs are told how to log in; a browser would show a window of its own. */
  #challenge(error: HomingError, request: Request): Readonly<Record<string, string>> {
    const isBrowser = request.headers.has('sec-fetch-site')
    if (error.code !== 'login-refused' || isBrowser) return {}
    return { 'www-authenticate': 'Basic realm="Homing", charset="UTF-8"' }
  }
}

/** A stream that nobody will read would be open for ever. */
async function headOf({ body, ...answer }: Answer): Promise<Answer> {
  if (!(body instanceof ReadableStream)) return body === undefined ? answer : { ...answer, body }
  await body.cancel()
  return { status: 200, ...answer }
}

export function responseOf({ status, headers, json, body }: Answer): Response {
  const text = json === undefined ? body : JSON.stringify(json)
  const isEmpty = text === undefined
  return new Response(isEmpty ? null : text, {
    status: status ?? (isEmpty ? 204 : 200),
    // In one piece: set one by one they take more time than all the rest of an answer.
    headers: {
      ...securityHeaders,
      ...(json !== undefined && { 'content-type': 'application/json' }),
      'cache-control': 'no-store',
      ...headers,
    },
  })
}

/** The virtual host that a request names, or means. */
function virtualHostOf(
  { virtualHostInQuery }: Route,
  params: Readonly<Record<string, string>>,
  { searchParams }: URL,
): string | undefined {
  if (virtualHostInQuery === undefined) return params.vhost
  const named = searchParams.get('vhost') ?? undefined
  return virtualHostInQuery === 'one' ? (named ?? defaultVirtualHost) : named
}

const scopedPart = new RegExp(`[^"'\\s]*${scopeEnd}`, 'g')

/** The engine's errors name things as it does; the caller knows them by their names in the virtual host. */
function asWithin(vhost: string | undefined, thrown: unknown): unknown {
  if (!(thrown instanceof HomingError) || !thrown.message.includes(scopeEnd)) return thrown
  if (vhost !== undefined) return new Names(vhost).errorOut(thrown)
  const { code, message, data } = thrown
  return new HomingError(code, message.replaceAll(scopedPart, ''), { cause: thrown, data })
}

const refused = (text: string): HomingError => new HomingError('access-refused', text)
