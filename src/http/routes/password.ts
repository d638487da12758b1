/*
 * A user's own password, changed by the user.
 */

import { Buffer } from 'node:buffer'
import { z } from 'zod'
import { limits } from '../../limits.ts'
import { type Route, route } from '../route.ts'
import type { RouteParts } from '../route-parts.ts'

const passwordBody = z.strictObject({
  password: z.string().max(limits.passwordBytesMax),
  newPassword: z.string().min(1).max(limits.passwordBytesMax),
})

export function passwordRoutes({ authentication }: RouteParts): readonly Route[] {
  return [
    route({
      method: 'put',
      path: '/api/session/password',
      summary: 'Change the password of oneself; all sessions of browsers end',
      tag: 'Session',
      access: 'user',
      body: passwordBody,
      answers: { 204: { description: 'Changed.' } },
      async handle({ site, caller, body, peer, signal }) {
        const old = Buffer.from(body.password, 'utf8')
        await authentication.byPassword(caller.user, old, peer, () => signal.aborted)
        await site.accounts.setPassword(caller.user, Buffer.from(body.newPassword, 'utf8'))
        return { status: 204 }
      },
    }),
  ]
}
