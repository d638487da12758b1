/*
 * Logging in and out by a browser, and who one is.
 */

import { Buffer } from 'node:buffer'
import { z } from 'zod'
import type { PeerFacts } from '../../amqp/admission.ts'
import { limits } from '../../limits.ts'
import { accessLevels } from '../access.ts'
import { cookieOf, tokenFrom } from '../authentication.ts'
import type { Caller } from '../caller.ts'
import { type Route, route } from '../route.ts'
import type { RouteParts } from '../route-parts.ts'
import { type Identity, identity } from '../shapes/identity.ts'
import type { Site } from '../site.ts'

const identityOf = (caller: Caller, site: Site): Identity => ({
  user: caller.user,
  tags: [...caller.tags],
  access: accessLevels.filter((level) => caller.has(level)),
  virtualHosts: [...caller.virtualHosts()],
  permissions: [...site.definitions.state.permissions.values()]
    .filter((one) => one.user === caller.user)
    .map(({ vhost, configure, write, read }) => ({ vhost, configure, write, read })),
  readOnly: site.settings.readOnly ?? false,
})

const login = z.strictObject({
  user: z.string().min(1).max(limits.nameBytesMax),
  password: z.string().max(limits.passwordBytesMax),
})

export function sessionRoutes({ sessions, authentication }: RouteParts): readonly Route[] {
  const closeSession = (headers: Headers, { tls }: PeerFacts): void => {
    const token = tokenFrom(headers.get('cookie') ?? undefined, tls)
    if (token !== undefined) sessions.close(token)
  }
  return [
    route({
      method: 'post',
      path: '/api/session',
      summary: 'Log in: the answer sets a cookie',
      tag: 'Session',
      access: 'open',
      allowedReadOnly: true,
      unaudited: true,
      body: login,
      answers: { 204: { description: 'Logged in.' } },
      async handle({ site, body, headers, peer, signal }) {
        const password = Buffer.from(body.password, 'utf8')
        const isGone = (): boolean => signal.aborted
        const user = await authentication.byPassword(body.user, password, peer, isGone)
        // The browser forgets the session it had, so nobody could end it.
        closeSession(headers, peer)
        const cookie = cookieOf(sessions.open(user), peer.tls)
        const noted = { user, from: peer.address, on: 'dashboard' }
        site.audit.note({ ...noted, action: 'login', result: 'done' })
        return { status: 204, headers: { 'set-cookie': cookie } }
      },
    }),
    route({
      method: 'get',
      path: '/api/session',
      summary: 'Ask who one is and what one may do',
      tag: 'Session',
      access: 'user',
      answers: { 200: { description: 'The user.', schema: identity } },
      handle: ({ caller, site }) => ({ json: identityOf(caller, site) }),
    }),
    route({
      method: 'delete',
      path: '/api/session',
      summary: 'Log out: what is still open by the session ends',
      tag: 'Session',
      access: 'open',
      allowedReadOnly: true,
      unaudited: true,
      answers: { 204: { description: 'Logged out, or never logged in.' } },
      handle({ headers, peer }) {
        closeSession(headers, peer)
        return { status: 204, headers: { 'set-cookie': cookieOf('', peer.tls) } }
      },
    }),
  ]
}
