/*
 * Logging in and out by a browser, and who one is.
 */

import { Buffer } from 'node:buffer'
import { z } from 'zod'
import { limits } from '../../limits.ts'
import { accessLevels } from '../access.ts'
import { cookieOf, tokenFrom } from '../authentication.ts'
import type { Caller } from '../caller.ts'
import { type Route, route } from '../route.ts'
import type { RouteParts } from '../route-parts.ts'
import type { Site } from '../site.ts'

const identity = z.object({
  user: z.string(),
  tags: z.array(z.string()),
  /** Levels of routes the user may call. */
  access: z.array(z.enum(accessLevels)),
  virtualHosts: z.array(z.string()),
  readOnly: z.boolean(),
})

const identityOf = (caller: Caller, site: Site): z.infer<typeof identity> => ({
  user: caller.user,
  tags: [...caller.tags],
  access: accessLevels.filter((level) => caller.has(level)),
  virtualHosts: [...caller.virtualHosts()],
  readOnly: site.settings.readOnly ?? false,
})

const login = z.strictObject({
  user: z.string().min(1).max(limits.nameBytesMax),
  password: z.string().max(limits.passwordBytesMax),
})

export function sessionRoutes({ sessions, authentication }: RouteParts): readonly Route[] {
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
      async handle({ site, body, peer, signal }) {
        const password = Buffer.from(body.password, 'utf8')
        const isGone = (): boolean => signal.aborted
        const user = await authentication.byPassword(body.user, password, peer, isGone)
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
      summary: 'Log out',
      tag: 'Session',
      access: 'open',
      allowedReadOnly: true,
      unaudited: true,
      answers: { 204: { description: 'Logged out, or never logged in.' } },
      handle({ headers, peer }) {
        const token = tokenFrom(headers.get('cookie') ?? undefined, peer.tls)
        if (token !== undefined) sessions.close(token)
        return { status: 204, headers: { 'set-cookie': cookieOf('', peer.tls) } }
      },
    }),
  ]
}
